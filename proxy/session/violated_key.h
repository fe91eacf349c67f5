// The key a unique violation is about, from the error's DETAIL: names of columns, and a hash of the
// values, which are seen by nobody (protocol.md 8.3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/evidence.h"
#include "parser/statement.h"
#include "policies/catalog.h"

namespace pgconcord::session {

struct ViolatedKey {
  std::vector<std::string> columns;  // expressions of an index as the server spells them
  std::uint64_t hash = 0;            // with `seed`, of columns and values; 0 = not told
};

// `Key (a, b)=(1, x) already exists.` in any language. Nothing when the server told no key: the
// role may not read the columns, or row-level security applies.
ViolatedKey violated_key(std::string_view detail, std::uint64_t seed);

// Did this INSERT say what the key is? `table` may be nullptr: then a default of the key's only
// column counts as generated.
metrics::KeySource key_source(const parser::Insert& insert, const std::vector<std::string>& key,
                              const policies::Table* table);

// The sequence one of the key's columns draws from; empty when not known.
std::string key_sequence(const std::vector<std::string>& key, const policies::Table* table);

}  // namespace pgconcord::session
