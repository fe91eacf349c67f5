// SELECT of constants and session functions: what drivers and monitors send to see whether somebody
// is there and who.
#pragma once

#include <tl/expected.hpp>
#include <vector>

#include "proxy/console/statement.h"
#include "proxy/console/words.h"

namespace pgconcord::console {

// `words` begin behind SELECT. Nothing when it is any other SELECT.
std::optional<Statement> read_select_list(const std::vector<Word>& words, const Identity& who);

}  // namespace pgconcord::console
