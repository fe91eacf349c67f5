// Private: are two trees the same, positions aside? Values that libpg_query leaves out of its JSON
// are not compared (syntax_tree.h).
#pragma once

#include <functional>
#include <string_view>

#include "parser/syntax_tree.h"

namespace pgconcord::parser {

bool same_tree(simdjson::dom::element left, simdjson::dom::element right);

// With `skipped` a field of that name may stand in `right` alone.
bool same_fields(simdjson::dom::object left, simdjson::dom::object right,
                 std::string_view skipped = {});

// By `same` instead of same_tree.
bool same_fields(simdjson::dom::object left, simdjson::dom::object right,
                 const std::function<bool(simdjson::dom::element, simdjson::dom::element)>& same);

// Both have the member and it is the same, or neither has it.
bool same_member(simdjson::dom::object left, simdjson::dom::object right, std::string_view name);

}  // namespace pgconcord::parser
