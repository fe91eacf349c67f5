// Private: the facts of a COPY ... FROM.
#pragma once

#include <cstddef>
#include <string_view>

#include "parser/statement.h"
#include "parser/syntax_tree.h"

namespace pgconcord::parser {

bool copies_in(simdjson::dom::object copy);

// Of the CopyStmt `copy`, whose text begins at byte `begin` of what was parsed.
Copy copy_of(simdjson::dom::object copy, std::string_view text, std::size_t begin);

}  // namespace pgconcord::parser
