// What log_line_prefix put in front of a line of a log in stderr's format.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace pgconcord::cli {

struct LinePrefix {
  std::string database, application, session, sqlstate;
  std::chrono::milliseconds at{0};
};

// By the server's own setting (`%m [%p] %q%u@%d/%a `) where it is known and fits; else by what
// prefixes usually look like: a time, `[pid]`, `user@database`, `db=`, `app=`.
LinePrefix read_prefix(std::string_view prefix, std::string_view setting);

}  // namespace pgconcord::cli
