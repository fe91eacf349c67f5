// The facts of a statement: everything a decision needs, nothing of the tree. Plain values without
// views.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "parser/command.h"

namespace pgconcord::parser {

// A relation as the server reads the name: quotes removed, unquoted parts folded to lower case.
struct RelationName {
  std::string schema;  // empty = not qualified: the session's search_path decides
  std::string name;
  friend bool operator==(const RelationName&, const RelationName&) = default;
};

// What stands in one column of VALUES, over all rows.
struct ColumnValues {
  bool any_default = false;  // DEFAULT in at least one row
  bool any_null = false;     // the literal NULL in at least one row
  bool any_parameter = false;
  bool any_expression = false;  // anything that is neither of these nor a plain literal
};

enum class InsertSource : std::uint8_t { Values, DefaultValues, Query };
enum class Overriding : std::uint8_t { None, SystemValue, UserValue };

struct Insert {
  RelationName table;
  std::string alias;                 // empty = none
  std::vector<std::string> columns;  // target columns in order; empty = no list given
  bool indirection = false;          // a target is a field or array element: col.f, col[1]
  InsertSource source = InsertSource::Values;
  std::vector<ColumnValues> values;  // by position; only for InsertSource::Values
  Overriding overriding = Overriding::None;
  bool has_on_conflict = false;
  bool has_returning = false;
  std::vector<RelationName>
      with_writes;  // tables written by data-modifying CTEs of the same statement
};

// Any statement that is no INSERT at top level. INSERT inside EXPLAIN, PREPARE or a CTE sets
// `hides_insert`.
struct Other {
  Command command = Command::Other;
  bool hides_insert = false;
  std::vector<RelationName> hidden_tables;  // their targets, for counting what is left alone
};

using Statement = std::variant<Insert, Other>;

}  // namespace pgconcord::parser
