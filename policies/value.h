// Private to policies: the text of a setting <-> its value, by the type of its row in the schema
// table.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "policies/schema.h"
#include "policies/source_text.h"

namespace pgconcord::policies {

// Adds one scalar to the value: the only one, or the next item of a list.
[[nodiscard]] tl::expected<void, Problem> add_scalar(const Key& key, std::string_view text,
                                                     Value& value);

// Sets every key below the section, and the sections in it, to its default.
void store_defaults(std::string_view section, const Target& target);

// The value in the target, written as Key::default_text is.
std::string value_text(const Key& key, const Target& target);

}  // namespace pgconcord::policies
