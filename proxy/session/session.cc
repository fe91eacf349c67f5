// Streams and phases: cuts the bytes of both peers into messages and hands them on; opens, drains
// and closes.
#include "proxy/session/session.h"

#include <utility>

#include "proxy/limits.h"
#include "proxy/session/conversation.h"

namespace pgconcord::session {
namespace {

std::shared_ptr<Workspace> workspace_of(Environment& environment) {
  if (!environment.workspace)
    environment.workspace = std::make_shared<Workspace>(environment.metrics);
  return environment.workspace;
}

constexpr wire::FatalText kShuttingDown{"57P01",
                                        "terminating connection due to administrator command", "",
                                        "The proxy is being stopped; connect again."};

}  // namespace

Conversation::Conversation(Environment& environment, std::uint64_t id, ClientAccess access)
    : env(environment),
      access_(access),
      id_(id),
      workspace_(workspace_of(environment)),
      settings_(environment.settings),
      opened_(environment.now) {
  accounts().sessions_starting.add();
}

Conversation::~Conversation() {
  const bool was_open = cells_ != nullptr;
  abandon_incidents();
  (was_open ? accounts().sessions_open : accounts().sessions_starting).add(-1);
}

void Conversation::set_phase(Phase next) { phase = next; }

wire::Wanted Conversation::wanted_from_client() const {
  wire::Wanted wanted;
  wanted.query_max = static_cast<std::uint32_t>(settings_->config.limits.inspect_bytes);
  wanted.bind_max = static_cast<std::uint32_t>(scope_ ? kReplayMax : kExplainedTextMax);
  wanted.auth_max = auth_inspect_;
  return wanted;
}

void Conversation::client_bytes(std::string_view bytes) {
  switch (phase) {
    case Phase::Startup:
      start_up(bytes);
      return;
    case Phase::Connecting:
      held_.append(bytes);
      return;
    case Phase::Opaque:
      actions->to_server.forward(bytes);
      return;
    case Phase::Bypassed:
      bypassed_client_bytes(bytes);
      return;
    case Phase::Closing:
      return;
    case Phase::Console:
      feed_console(bytes);
      return;
    case Phase::Ready:
      if (settings_ != env.settings && idle()) {
        idle_point();
        if (phase == Phase::Bypassed) return bypassed_client_bytes(bytes);
      }
      feed_client(bytes);
      return;
    case Phase::Authenticating:
      feed_client(bytes);
      return;
  }
}

// What is no start of a message. False: nothing can be done before more comes.
bool Conversation::take_client_step(const wire::Step& step) {
  if (const auto* error = std::get_if<wire::WireError>(&step)) {
    fail({"08P01", error->message, "", "The connection was closed to keep it in step."},
         "protocol");
    return false;
  }
  if (const auto* rest = std::get_if<wire::Rest>(&step); rest != nullptr && !drop_client_rest_) {
    copying_input_ ? actions->to_server.append(rest->raw) : actions->to_server.forward(rest->raw);
  }
  return !std::holds_alternative<wire::NeedMore>(step);
}

void Conversation::feed_client(std::string_view input) {
  if (phase == Phase::Console) return feed_console(input);
  if (blocked != Blocked::No) {
    held_.append(input);
    return;
  }
  const wire::Wanted wanted = wanted_from_client();
  while (phase == Phase::Authenticating || phase == Phase::Ready) {
    if (phase == Phase::Authenticating && client_framer_.at_boundary() && !input.empty() &&
        (input[0] != 'p' || login_) && auth_due_ <= 0) {
      // The server, too, reads these only once the login is over (1.10).
      blocked = Blocked::Login;
      held_.assign(input);
      return;
    }
    wire::Frame frame;
    if (!client_framer_.whole(input, wanted, frame)) {
      const wire::Step step = client_framer_.next(input, wanted);
      if (!take_client_step(step)) return;
      if (!std::holds_alternative<wire::Frame>(step)) continue;
      frame = std::get<wire::Frame>(step);
    }
    if (!client_frame(frame)) {
      std::string kept(frame.raw);
      kept.append(input);
      held_ = std::move(kept);
      return;
    }
    if (frame.type == 'd' && frame.whole && !scope_ && !drop_client_rest_ &&
        phase == Phase::Ready) {
      const std::size_t rows = wire::run_size(input, frame.type);
      copying_input_ ? actions->to_server.append(input.substr(0, rows))
                     : actions->to_server.forward(input.substr(0, rows));
      input.remove_prefix(rows);
    }
  }
}

void Conversation::resume_client() {
  while (blocked == Blocked::No && !held_.empty() && phase != Phase::Closing) {
    const std::string pending = std::exchange(held_, {});
    copying_input_ = true;
    if (phase == Phase::Opaque || phase == Phase::Bypassed) {
      actions->to_server.append(pending);
      if (pipe_) pipe_->client_bytes(pending);
    } else {
      feed_client(pending);
    }
    copying_input_ = false;
  }
  if (shutdown_due_ && held_.empty() && blocked == Blocked::No) {
    shutdown_due_ = false;
    client_eof();
  }
}

void Conversation::server_bytes(std::string_view bytes) {
  if (phase == Phase::Opaque || phase == Phase::Bypassed) return piped_server_bytes(bytes);
  feed_server(bytes);
  resume_client();
}

bool Conversation::take_server_step(const wire::Step& step) {
  if (const auto* error = std::get_if<wire::WireError>(&step)) {
    desynchronised(error->message);
    return false;
  }
  if (const auto* rest = std::get_if<wire::Rest>(&step); rest != nullptr && !drop_server_rest_) {
    actions->to_client.forward(rest->raw);
  }
  return !std::holds_alternative<wire::NeedMore>(step);
}

void Conversation::feed_server(std::string_view input) {
  while (phase == Phase::Authenticating || phase == Phase::Ready) {
    wire::Wanted wanted;
    if (look_up_ && !queue_.empty() && queue_.front().origin == Origin::LookUp)
      wanted.row_max = kLookUpAnswerMax;
    wire::Frame frame;
    if (!server_framer_.whole(input, wanted, frame)) {
      const wire::Step step = server_framer_.next(input, wanted);
      if (!take_server_step(step)) return;
      if (!std::holds_alternative<wire::Frame>(step)) continue;
      frame = std::get<wire::Frame>(step);
    }
    drop_server_rest_ = false;
    server_frame(frame);
    const bool is_row = frame.type == 'D' || frame.type == 'd';
    if (is_row && frame.whole && !drop_server_rest_ && phase == Phase::Ready) {
      // A row changes nothing, so what held for it holds for those right behind it.
      const std::size_t rows = wire::run_size(input, frame.type);
      actions->to_client.forward(input.substr(0, rows));
      input.remove_prefix(rows);
    }
  }
  if (phase == Phase::Opaque || phase == Phase::Bypassed) piped_server_bytes(input);
}

void Conversation::to_server(const wire::Frame& frame) {
  drop_client_rest_ = false;
  if (frame.assembled || copying_input_) {
    actions->to_server.append(frame.raw);
  } else {
    actions->to_server.forward(frame.raw);
  }
}

void Conversation::to_client(const wire::Frame& frame) const {
  if (frame.assembled) {
    actions->to_client.append(frame.raw);
  } else {
    actions->to_client.forward(frame.raw);
  }
}

void Conversation::fail(const wire::FatalText& text, std::string_view reason) {
  if (cells_ == nullptr) accounts().connection_failed(reason);
  // Behind the start of a message the client would read ours as the rest of it.
  if (!server_framer_.inside_message() || drop_server_rest_)
    actions->to_client.append(wire::make_fatal(text));
  actions->close_client = true;
  actions->close_server = true;
  set_phase(Phase::Closing);
}

void Conversation::desynchronised(std::string_view what) {
  drop_server_rest_ = true;  // nothing of the message at hand was forwarded
  const std::string detail =
      "The server's reply does not fit the statements that were sent: " + std::string(what) + ".";
  fail({"08P01", "protocol synchronization with the server was lost", detail, "Connect again."},
       "protocol");
}

void Conversation::client_eof() {
  client_ended_ = true;
  if (phase == Phase::Startup || phase == Phase::Connecting) {
    actions->close_client = actions->close_server = true;
    set_phase(Phase::Closing);
    return;
  }
  if (blocked != Blocked::No && (!held_.empty() || phase == Phase::Console)) {
    shutdown_due_ = true;
    return;
  }
  if (phase == Phase::Console) {
    actions->close_client = true;
    set_phase(Phase::Closing);
    return;
  }
  if (group_) flush_group(false);
  overtake_replay();  // behind the server's end nothing can be sent again
  // A half-closed client still gets its answers (4.12).
  actions->shutdown_server = true;
}

void Conversation::server_eof() {
  if (phase == Phase::Closing) return;
  // Of the server that let it in, which was left already.
  if (phase == Phase::Console && !client_ended_) return;
  end_replay();
  if (phase == Phase::Ready && !client_ended_) {
    fail({"08006", "the connection to the server was lost",
          "The server closed the connection unexpectedly.",
          "Connect again and retry the transaction."},
         "upstream");
    return;
  }
  actions->close_client = actions->close_server = true;
  set_phase(Phase::Closing);
}

void Conversation::tick() {
  const bool starting =
      phase == Phase::Startup || phase == Phase::Connecting || phase == Phase::Authenticating;
  const bool turned_away = draining && phase == Phase::Startup;
  const auto limit = turned_away ? kTurnedAwayMax : settings_->config.limits.startup_timeout;
  if (starting && env.now - opened_ > limit) {
    accounts().connection_failed(turned_away ? "draining" : "timeout");
    actions->close_client = actions->close_server = true;
    set_phase(Phase::Closing);
    return;
  }
  if (look_up_ && env.now - look_up_->started > kLookUpBudget) {
    look_up_over();
    resume_client();
  }
}

bool Conversation::idle() const {
  return phase == Phase::Ready && queue_.empty() && !batch_open_ && status_ == 'I' && !group_ &&
         !look_up_ && held_.empty() && client_framer_.at_boundary() &&
         server_framer_.at_boundary() && copy_in_ == CopyIn::No;
}

void Conversation::drain() {
  draining = true;
  if (phase == Phase::Startup) {
    opened_ = env.now;  // it has yet to say hello, and is then told 57P03 (1.18)
  } else if (idle() || (phase == Phase::Bypassed && pipe_->idle())) {
    shut_down();
  } else if (phase == Phase::Console && blocked == Blocked::No) {
    end_console();
  }
}

void Conversation::shut_down() { fail(kShuttingDown, "draining"); }

// Between two statements: the place to end, or to take over a new configuration.
void Conversation::idle_point() {
  if (draining) return shut_down();
  if (settings_ != env.settings || reselect_due_) {
    settings_ = env.settings;
    reselect_due_ = false;
    if (settings_->config.mode == policies::Mode::Off) return enter_bypass();
    select_policies();
  }
}

void Conversation::select_policies() {
  const auto& config = settings_->config;
  const auto share = static_cast<std::uint8_t>((id_ * 0x9E3779B97F4A7C15ULL >> 32) % 100);
  policies::Selection selection =
      policies::select(config.policies, database, user, application, share, settings_->generation);
  replay_.reset();
  if (selection.policies.empty() && selection.rolled_out_of.empty()) {
    scope_.reset();
    return;
  }
  scope_ = std::make_unique<PolicyScope>(std::move(selection));
  if (auto catalog = env.catalogs.fresh(database, user, env.now, config.catalog.refresh)) {
    scope_->set_catalog(std::move(catalog),
                        env.catalogs.loaded_at(database, user).value_or(env.now));
  }
}

struct Session::Impl : Conversation {
  using Conversation::Conversation;

  // Runs one call: lends the actions, counts what comes out of it.
  template <class Work>
  void run(Actions& out, Work work) {
    actions = &out;
    work();
    count_sent(out);
    actions = nullptr;
  }
};

void Conversation::count_sent(const Actions& out) {
  if (!out.to_client.empty()) accounts().sent_client.add(static_cast<double>(out.to_client.size()));
  if (!out.to_server.empty()) accounts().sent_server.add(static_cast<double>(out.to_server.size()));
}

Session::Session(Environment& environment, std::uint64_t id, ClientAccess access)
    : impl_(std::make_unique<Impl>(environment, id, access)) {}
Session::~Session() = default;

void Session::on_client_bytes(std::string_view bytes, Actions& actions) {
  impl_->accounts().received_client.add(static_cast<double>(bytes.size()));
  impl_->note_client_input();
  impl_->run(actions, [&] { impl_->client_bytes(bytes); });
}

void Session::on_server_bytes(std::string_view bytes, Actions& actions) {
  impl_->accounts().received_server.add(static_cast<double>(bytes.size()));
  impl_->note_server_input();
  impl_->run(actions, [&] { impl_->server_bytes(bytes); });
}

void Session::on_client_eof(Actions& actions) {
  impl_->run(actions, [&] { impl_->client_eof(); });
}

void Session::on_server_eof(Actions& actions) {
  impl_->run(actions, [&] { impl_->server_eof(); });
}

std::string Session::take_tls_bytes() { return impl_->take_tls_bytes(); }
bool Session::asked_for_tls() const { return impl_->ssl_asked_; }
void Session::on_client_tls(LegTls tls) { impl_->client_tls = std::move(tls); }
void Session::on_server_tls(LegTls tls) { impl_->server_tls = std::move(tls); }

void Session::on_server_connected(Actions& actions) {
  impl_->run(actions, [&] { impl_->server_connected(); });
}

void Session::on_server_unavailable(Actions& actions) {
  impl_->run(actions, [&] {
    if (impl_->cancels) {
      actions.close_client = true;
      impl_->phase = Phase::Closing;
      return;
    }
    impl_->server_unavailable();
  });
}

void Session::on_tick(Actions& actions) {
  impl_->run(actions, [&] { impl_->tick(); });
}

void Session::drain(Actions& actions) {
  impl_->run(actions, [&] { impl_->drain(); });
}

void Session::refuse(Actions&) { impl_->refused = true; }

bool Session::wants_client_input() const {
  return impl_->blocked == Blocked::No && impl_->phase != Phase::Connecting &&
         impl_->queue_.size() < kRepliesMax;
}

console::Question Session::take_question() { return impl_->take_question(); }

void Session::on_console_answer(const console::Answer& answer, Actions& actions) {
  impl_->run(actions, [&] { impl_->console_answered(answer); });
}

Phase Session::phase() const { return impl_->phase; }
const std::string& Session::database() const { return impl_->database; }
const std::string& Session::user() const { return impl_->user; }
std::int32_t Session::backend_pid() const { return impl_->backend_pid; }
metrics::SessionFacts Session::facts() const { return impl_->facts(); }
std::string_view Session::login_trouble() const { return impl_->login_trouble(); }

}  // namespace pgconcord::session
