// The clause that is added, as data and as SQL text.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgconcord::parser {

// Where the conflict is arbitrated. Either `elements` (with `predicate`) or `constraint`; never
// neither (no bare DO NOTHING).
struct ConflictTarget {
  std::string elements;  // text between the parentheses, as pg_get_indexdef spells it: `email`,
                         // `lower(email)`
  std::string
      predicate;  // text after WHERE, as pg_get_expr spells it; empty = index is not partial
  std::string constraint;  // unquoted name for ON CONSTRAINT: exclusion constraints only
};

struct OnConflict {
  ConflictTarget target;
  // DO UPDATE SET column = expression pairs: column unquoted, expression ready SQL. Empty = DO
  // NOTHING.
  std::vector<std::pair<std::string, std::string>> assignments;
  std::string where;  // DO UPDATE's WHERE, ready SQL; empty = none
};

// `ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name`: no space at either end.
std::string render(const OnConflict& clause);

// Quoted only where the server needs it (lower-case letters, digits, underscore and no reserved
// word stay bare).
std::string quote_identifier(std::string_view name);

}  // namespace pgconcord::parser
