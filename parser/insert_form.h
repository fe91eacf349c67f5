// An UPDATE by key as the INSERT ... ON CONFLICT DO UPDATE that also creates a missing row
// (rewrite.md B): what it is made of, its text, and the proof that it is what was meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "parser/edit.h"
#include "parser/on_conflict.h"
#include "parser/outline.h"
#include "parser/statement.h"

namespace pgconcord::parser {

// One column of the INSERT.
struct InsertColumn {
  enum class Source : std::uint8_t {
    Key,         // update.keys[index]
    Assignment,  // update.assignments[index]; an existing row gets the same
    Start,       // `start`, for a created row only; an existing row gets update.assignments[index]
    Policy,      // `start`, for a created row only; an existing row keeps what it has
  };
  std::string name;
  Source source = Source::Key;
  std::size_t index = 0;
  std::string start;  // ready SQL
};

struct InsertForm {
  ConflictTarget target;
  std::vector<InsertColumn> columns;
};

// By template: `update` may come from another text of it. Replaces everything before RETURNING.
TextEdit insert_form_edit(const Update& update, const InsertForm& form, std::string_view sql,
                          const StatementSpan& statement);

// I2: the statement with index `statement` of parse(edited) is the INSERT that `form` describes,
// made of the UPDATE's own expressions, and all the rest equals parse(original), locations aside.
[[nodiscard]] bool proves_insert_form(std::string_view original, std::string_view edited,
                                      std::size_t statement, const InsertForm& form);

// The text of the value that the UPDATE compares a key column with.
std::string_view key_text(const KeyValue& key, std::string_view sql,
                          const StatementSpan& statement);

}  // namespace pgconcord::parser
