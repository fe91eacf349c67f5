// One session as an operator sees it. No client address, no statement text, no values (I7):
// `backend_pid` leads to pg_stat_activity, which has the rest for those who may read it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgconcord::metrics {

enum class SessionState : std::uint8_t {
  Starting,  // until the server's first ReadyForQuery
  Idle,
  Active,             // something it sent is not answered yet
  InTransaction,      // idle in a transaction block
  FailedTransaction,  // likewise, after an error
  Unread,             // a pipe: replication, cancel, `mode: off`
  Console,
  Closing,
};
inline constexpr std::string_view label(SessionState state) {
  switch (state) {
    case SessionState::Starting:
      return "starting";
    case SessionState::Idle:
      return "idle";
    case SessionState::Active:
      return "active";
    case SessionState::InTransaction:
      return "idle in transaction";
    case SessionState::FailedTransaction:
      return "idle in transaction (aborted)";
    case SessionState::Unread:
      return "not read";
    case SessionState::Console:
      return "console";
    case SessionState::Closing:
      return "closing";
  }
  return "closing";
}

struct SessionFacts {
  std::uint64_t id = 0;
  std::string database, user, application;
  std::int32_t backend_pid = 0;
  SessionState state = SessionState::Starting;
  std::chrono::system_clock::time_point started{};
  // Active: since the client last sent something; else since the server last answered.
  std::chrono::system_clock::time_point since{};
  std::uint64_t statements = 0, violations = 0, rewrites = 0;
};

}  // namespace pgconcord::metrics
