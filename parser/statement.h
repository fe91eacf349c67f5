// The facts of a statement: everything a decision needs, nothing of the tree. Plain values without
// views.
#pragma once

#include <cstddef>
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
  bool is_ordered = false;  // the query that gives the rows has an ORDER BY
  bool has_on_conflict = false;
  bool has_returning = false;
  std::vector<RelationName>
      with_writes;  // tables written by data-modifying CTEs of the same statement
};

// Tokens `first` to `last` of a statement, counted from its first one; comments do not count. The
// same in every text of a template, unlike bytes.
struct TokenRange {
  std::size_t first = 0;
  std::size_t last = 0;
};

// `column = value` of an UPDATE's SET.
struct Assignment {
  std::string column;
  TokenRange value;
  bool is_default = false;
  bool reads_row = false;  // the value names columns of the row, or holds a subquery that may
  // The names it reads can be told apart and given their row's name: `bare_columns`, at these
  // tokens, and names that have it already.
  bool can_be_qualified = true;
  std::vector<std::string> columns_read;
  std::vector<std::size_t> bare_columns;
};

// `column = value` of an UPDATE's WHERE.
struct KeyValue {
  enum class Kind : std::uint8_t {
    Parameter,
    Text,    // a literal in quotes, without a type
    Number,  // an unsigned number
    Other,
  };
  std::string column;
  Kind kind = Kind::Other;
  std::size_t token = 0;
  std::int64_t parameter = 0;        // its number; 0 = none
  bool parameter_is_shared = false;  // it stands elsewhere in the statement too
};

struct Update {
  RelationName table;
  std::string alias;  // empty = none
  // SET of whole columns and a WHERE that is nothing but equalities of columns and single values.
  // Otherwise the fields below are not filled in.
  bool by_key = false;
  std::vector<Assignment> assignments;
  std::vector<KeyValue> keys;
  std::size_t last_token = 0;  // of all that comes before RETURNING
  bool has_returning = false;
  bool with_writes = false;  // a CTE of the statement writes as well

  // What the statement calls the stored row.
  [[nodiscard]] const std::string& row_name() const { return alias.empty() ? table.name : alias; }
};

// COPY table FROM. Whatever copies out is an Other.
struct Copy {
  enum class Source : std::uint8_t { Stdin, File, Program };
  RelationName table;
  Source source = Source::Stdin;
  std::vector<std::string> columns;  // in order; empty = no list given
  // Tokens of the statement: the table's name begins at the first, FROM is the second.
  std::size_t name_token = 0;
  std::size_t from_token = 0;
  bool freezes = false;         // the option FREEZE, whatever its value
  bool reads_defaults = false;  // the option DEFAULT (version 16): a text that stands for one
  // WHERE names whole columns and nothing else of the row; `filter_columns` are these.
  bool filter_is_plain = true;
  std::vector<std::string> filter_columns;
};

// Any statement that is neither at top level. INSERT inside EXPLAIN, PREPARE or a CTE sets
// `hides_insert`.
struct Other {
  Command command = Command::Other;
  bool hides_insert = false;
  std::vector<RelationName> hidden_tables;   // their targets, for counting what is left alone
  std::vector<RelationName> hidden_updates;  // likewise of UPDATEs that are not at top level
};

using Statement = std::variant<Insert, Update, Copy, Other>;

// The table that an INSERT, UPDATE or COPY writes; nullptr of anything else.
inline const RelationName* written_table(const Statement& statement) {
  if (const auto* insert = std::get_if<Insert>(&statement)) return &insert->table;
  if (const auto* update = std::get_if<Update>(&statement)) return &update->table;
  if (const auto* copy = std::get_if<Copy>(&statement)) return &copy->table;
  return nullptr;
}

}  // namespace pgconcord::parser
