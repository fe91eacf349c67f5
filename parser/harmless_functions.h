// Private: what may stand before a parenthesis without changing anything about the session.
#pragma once

#include <string_view>

namespace pgconcord::parser {

// Built-in functions that neither set parameters nor run other code (not set_config, not
// query_to_xml).
bool is_harmless_function(std::string_view lower_case_name);

// Keywords and type names that are followed by a parenthesis in DML and call nothing.
bool is_syntax_before_parenthesis(std::string_view lower_case_word);

}  // namespace pgconcord::parser
