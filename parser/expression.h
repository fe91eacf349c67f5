// Expressions that people write into the configuration.
#pragma once

#include <string_view>

namespace pgconcord::parser {

// One SQL expression, no more and no less, without parameters. False also for what the version 15
// grammar does not know.
bool is_expression(std::string_view sql);

}  // namespace pgconcord::parser
