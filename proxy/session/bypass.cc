// The kill switch, `mode: off`: from its next idle point on a session is a byte pipe. What is read
// of its messages is their headers, behind the forwarding and by code of its own (PipeWatch), so
// that no fault of ours can reach it.
//
// The watch tells when the session is idle: there it can end when the proxy drains, or go back to
// another mode. It errs only where a client sends Syncs ahead of a COPY that then fails, or a Query
// into a batch that has failed: the session counts as busy, or is ended when it comes back (I5).
#include <utility>

#include "proxy/session/conversation.h"

namespace pgconcord::session {

void Conversation::enter_bypass() {
  scope_.reset();
  replay_.reset();
  statements_.lose();
  portals_.clear();
  rewritten_.clear();
  pipe_ = std::make_unique<PipeWatch>();
  set_phase(Phase::Bypassed);
}

void Conversation::bypassed_client_bytes(std::string_view bytes) {
  if (settings_ != env.settings) {
    if (env.settings->config.mode != policies::Mode::Off) {
      if (pipe_->idle()) return leave_bypass(bytes);
    } else {
      settings_ = env.settings;
    }
  }
  actions->to_server.forward(bytes);
  pipe_->client_bytes(bytes);
}

void Conversation::piped_server_bytes(std::string_view bytes) {
  actions->to_client.forward(bytes);
  if (phase != Phase::Bypassed) return;
  pipe_->server_bytes(bytes);
  if (draining && pipe_->idle()) idle_point();
}

void Conversation::leave_bypass(std::string_view bytes) {
  pipe_.reset();
  settings_ = env.settings;
  client_framer_ = wire::Framer(wire::Peer::Client);
  server_framer_ = wire::Framer(wire::Peer::Server);
  queue_.clear();
  status_ = 'I';
  readies_due_ = 0;
  batch_open_ = batch_executed_ = ddl_seen_ = false;
  guard_ = {};
  savepoints_ = 0;
  copy_in_ = CopyIn::No;
  // Unknown until asked: SQL is not read by rules that may not be the session's (6.8).
  conforming_strings_ = utf8_ = false;
  set_phase(Phase::Ready);
  select_policies();
  if (scope_ && scope_->enforces()) {
    look_up_settings();
    held_.assign(bytes);
    return;
  }
  feed_client(bytes);
}

}  // namespace pgconcord::session
