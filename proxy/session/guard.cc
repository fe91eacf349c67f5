#include "proxy/session/guard.h"

#include "proxy/limits.h"
#include "proxy/session/text_search.h"

namespace pgconcord::session {

void Guard::look_up(std::string_view sql) {
  const bool fits = !sql.empty() && sql.size() <= kGuardTextMax;
  if (fits) look_up_ = sql;
  state_ = fits ? State::Looking : State::None;
}

bool Guard::found_nothing(const wire::CommandTag& tag) {
  return tag.command == "SELECT" && tag.has_rows && tag.rows == 0;
}

bool Guard::covers(std::string_view table) const {
  return state_ == State::Savepoint ||
         (state_ == State::Begun && contains_ignoring_case(look_up_, table));
}

}  // namespace pgconcord::session
