// What an operator is told of a session.
#include <algorithm>

#include "proxy/session/conversation.h"

namespace pgconcord::session {

metrics::SessionState Conversation::state() const {
  using metrics::SessionState;
  switch (phase) {
    case Phase::Startup:
    case Phase::Connecting:
    case Phase::Authenticating:
      return SessionState::Starting;
    case Phase::Opaque:
    case Phase::Bypassed:
      return SessionState::Unread;
    case Phase::Console:
      return SessionState::Console;
    case Phase::Closing:
      return SessionState::Closing;
    case Phase::Ready:
      break;
  }
  if (!queue_.empty() || batch_open_ || group_ || look_up_ || copy_in_ != CopyIn::No) {
    return SessionState::Active;
  }
  if (status_ == 'T') return SessionState::InTransaction;
  return status_ == 'E' ? SessionState::FailedTransaction : SessionState::Idle;
}

metrics::SessionFacts Conversation::facts() const {
  using Wall = std::chrono::system_clock;
  const auto at = [now = Wall::now(), this](std::chrono::milliseconds time) {
    return std::chrono::time_point_cast<Wall::duration>(now - (env.now - time));
  };
  metrics::SessionFacts facts;
  facts.id = id_;
  facts.database = database;
  facts.user = user;
  facts.application = application;
  facts.backend_pid = backend_pid;
  facts.state = state();
  facts.started = at(opened_);
  const auto last = facts.state == metrics::SessionState::Active ? client_at_ : server_at_;
  facts.since = at(std::max(last, opened_));
  facts.statements = statements_seen_;
  facts.violations = violations_seen_;
  facts.rewrites = rewrites_seen_;
  return facts;
}

}  // namespace pgconcord::session
