// Private: an UPDATE's tree -> its facts. Values are told by their tokens, because the tree knows
// where an expression's operator stands, not where the expression begins.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parser/statement.h"
#include "parser/syntax_tree.h"

namespace pgconcord::parser {

// `text` is the statement's own, from byte `begin` of what was parsed.
Update update_of(simdjson::dom::object fields, std::string_view text, std::size_t begin);

// The WHERE as (column, value) pairs, when it is nothing but equalities of the row's columns with
// something else, joined by AND; empty otherwise.
std::vector<std::pair<std::string, simdjson::dom::element>> key_equalities(
    simdjson::dom::object fields);

// The parts of a ColumnRef that are plain names: `t.a` is t and a. Empty when one of them is `*`.
std::vector<std::string> column_name(simdjson::dom::object column_ref);

}  // namespace pgconcord::parser
