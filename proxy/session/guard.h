// Does the application handle a violation of its next write itself? Two shapes say so: the write is
// the first statement behind the application's own SAVEPOINT; or it is the first of a transaction
// block that was opened right after a look-up in the same table found nothing. The second is what
// Django's get_or_create, Rails' find_or_create_by and their like send outside a transaction: they
// wait for the violation to tell that somebody else was faster.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/backend_messages.h"

namespace pgconcord::session {

class Guard {
 public:
  void savepoint() { state_ = State::Savepoint; }
  void begin() { state_ = state_ == State::Missed ? State::Begun : State::None; }
  // A SELECT that stands alone in autocommit.
  void look_up(std::string_view sql);
  void other() { state_ = State::None; }
  // The end of the statement that was sent last.
  void completed(const wire::CommandTag& tag) {
    if (state_ == State::Looking) state_ = found_nothing(tag) ? State::Missed : State::None;
  }
  // Is a write of that table guarded, if it comes now?
  bool covers(std::string_view table) const;

 private:
  enum class State : std::uint8_t { None, Savepoint, Looking, Missed, Begun };
  static bool found_nothing(const wire::CommandTag& tag);

  State state_ = State::None;
  std::string look_up_;
};

}  // namespace pgconcord::session
