// A statement's text for people who may not see its values: for logs, the API and the console.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgconcord::parser {

// `sql` with every literal as `?`, repeated VALUES rows as `...`, without comments, with single
// spaces; at most `most` bytes and `...` where it was longer. Empty where the lexer is not sure
// what a literal is: then nothing of the text may be shown.
std::string text_without_values(std::string_view sql, std::size_t most);

// The application a sqlcommenter comment names (`/*application='shop',route='signup'*/`, first or
// last in the text), decoded; empty when there is none.
std::string commented_application(std::string_view sql);

}  // namespace pgconcord::parser
