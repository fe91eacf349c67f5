// `--planned schema.table(column, column)`: a unique constraint that somebody wants to add.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "parser/statement.h"

namespace pgconcord::cli {

struct PlannedKey {
  parser::RelationName table;  // as written; the schema may be missing
  std::vector<std::string> columns;
};

// Names as in SQL: bare ones in lower case, quoted ones as they are. The error says what was
// expected where.
[[nodiscard]] tl::expected<PlannedKey, std::string> planned_key(std::string_view text);

// The relation whose name stands at the start of `text`; an empty name: there is none.
parser::RelationName relation_at(std::string_view text);

}  // namespace pgconcord::cli
