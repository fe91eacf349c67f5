// Private: libpg_query's JSON tree, read with simdjson. Only parse.cc and edit.cc use it.
// The JSON leaves out fields at their default value, and negative integers (libpg_query 15-4.0.0
// writes {"ival":{}} for -1): it says what a statement is, not which constants it holds.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "parser/parse.h"

namespace pgconcord::parser {

// Owns the document its elements point into.
class SyntaxTree {
 public:
  [[nodiscard]] static Result<SyntaxTree> of(std::string_view sql);

  // The RawStmt objects in order.
  [[nodiscard]] const std::vector<simdjson::dom::object>& statements() const { return statements_; }

 private:
  simdjson::error_code read(std::string_view json, std::size_t depth_max);

  std::unique_ptr<simdjson::dom::parser> parser_;  // behind a pointer: its document must not move
  std::vector<simdjson::dom::object> statements_;
};

// Member `name` of `object`, or an empty value where it is left out.
std::string_view text_field(simdjson::dom::object object, std::string_view name);
std::int64_t integer_field(simdjson::dom::object object, std::string_view name);
std::vector<simdjson::dom::element> list_field(simdjson::dom::object object, std::string_view name);
bool has_field(simdjson::dom::object object, std::string_view name);

// A node is an object with one member: its type's name and its fields. An empty type means that it
// is none.
struct Node {
  std::string_view type;
  simdjson::dom::object fields;
};
Node as_node(simdjson::dom::element element);
Node node_field(simdjson::dom::object object, std::string_view name);

// A RangeVar's names. The server lets a database name only stand if it is the session's own: it
// says nothing.
RelationName relation_of(simdjson::dom::object range_var);

}  // namespace pgconcord::parser
