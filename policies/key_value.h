// Does a value that an UPDATE compares a key with become exactly that key when it is inserted?
// rewrite.md B: `WHERE k = 1.4` finds no row of an integer key, and inserting 1.4 would hit row 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "parser/statement.h"
#include "policies/catalog.h"

namespace pgconcord::policies {

// What every text of the template must be asked anew.
struct KeyCheck {
  parser::KeyValue key;
  Oid type = 0;  // of the column
};

// By type and kind of value alone; the values themselves are told by the functions below.
bool may_be_key(const Column& column, const parser::KeyValue& key);

// A number as written in the statement.
bool literal_fits(const KeyCheck& check, std::string_view literal);

// The values of one Bind: for every parameter the type its statement declares (0 = none) and
// whether it is NULL.
struct BoundParameter {
  Oid type = 0;
  bool is_null = false;
};
// Parameters that are missing do not fit.
bool parameters_fit(const std::vector<KeyCheck>& checks,
                    const std::vector<BoundParameter>& parameters);

}  // namespace pgconcord::policies
