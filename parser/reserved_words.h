// Private: PostgreSQL 15's keywords that quote_ident() puts in quotes: every one that is not
// unreserved.
#pragma once

#include <string_view>

namespace pgconcord::parser {

bool is_reserved(std::string_view lower_case_word);

}  // namespace pgconcord::parser
