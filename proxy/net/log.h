// The program's log: one line per event on stderr, `event key=value key="a value"`; the same as
// JSON objects on demand. Write with spdlog; texts from outside go through quoted(). Never SQL,
// parameters or row values (invariant I7).
#pragma once

#include <string>
#include <string_view>

#include "policies/config.h"

namespace pgconcord::net {

// Sets level and format of the default logger. Again after a reload.
void configure_log(const policies::Log& settings);

// As it stands when it is one plain word, else in double quotes with escapes: a value cannot forge
// a line or a key.
std::string quoted(std::string_view value);

// `reload done policies=3 path="a b"` -> `"message":"reload done","policies":"3","path":"a b"`.
std::string json_members(std::string_view line);

}  // namespace pgconcord::net
