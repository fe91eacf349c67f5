// What PostgreSQL's own message of an integrity violation names. The log has no other place for it:
// schema, table and constraint are sent to the client only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgconcord::cli {

struct NamedViolation {
  std::string sqlstate;
  std::string table, constraint, column;  // empty = not named
};

// Nothing for a message that is no violation. `sqlstate` may be empty: then only English tells.
// In another language the one name that a unique violation quotes is its constraint; of the other
// kinds nothing is taken.
std::optional<NamedViolation> named_violation(std::string_view message, std::string_view sqlstate);

}  // namespace pgconcord::cli
