#include "proxy/net/connection.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "proxy/net/log.h"

namespace pgconcord::net {
namespace {

using metrics::Metric;
using session::Phase;

// protocol.md 7.5: up to 2 s. Deadlines are looked at once a second, which adds up to one.
constexpr std::chrono::milliseconds kLinger{1000};
// protocol.md 3.4.
constexpr std::chrono::milliseconds kCancelDeadline{10'000};

// A session's deadlines begin now, not when this worker last had something to do.
session::Environment& at_present(Context& context) {
  context.refresh_clock();
  return context.environment;
}

}  // namespace

Connection::Connection(Context& context, ConnectionOwner& owner, Accepted accepted)
    : context_(context),
      owner_(owner),
      settings_(context.environment.settings),
      id_(accepted.id),
      peer_(std::move(accepted.peer)),
      admission_(accepted.admission),
      tls_(context.tls.current()),
      listener_(accepted.listener),
      session_(at_present(context), accepted.id, listener_tls().access),
      client_(Stream::open(std::move(accepted.socket), context.stream_setup(), *this)) {}

Connection::~Connection() {
  leave_gate();
  if (upstream_connections_ != nullptr) upstream_connections_->add(-1);
}

void Connection::start() {
  context_.refresh_clock();
  if (admission_ == Admission::Refuse) {
    session_.refuse(context_.actions);
    carry_out();
  } else if (admission_ == Admission::TurnAway) {
    session_.drain(context_.actions);
    carry_out();
  }
  settle();
}

void Connection::on_bytes(Stream& stream, std::string_view bytes) {
  context_.refresh_clock();
  if (&stream == server_.get()) {
    session_.on_server_bytes(bytes, context_.actions);
    carry_out();
  } else if (!is_lingering_) {
    if (held_.empty() && session_.wants_client_input()) {
      session_.on_client_bytes(bytes, context_.actions);
      carry_out();
    } else {
      // Kept rather than not read: stopping the reader for every short wait would cost two
      // epoll_ctl.
      held_.append(bytes);
    }
  }
  settle();
}

void Connection::on_end(Stream& stream, End end) {
  context_.refresh_clock();
  if (&stream == server_.get()) {
    close_server();
    session_.on_server_eof(context_.actions);
    carry_out();
    // Nobody knows which of several servers it is for (protocol.md 3.2).
    if (relays_cancel_) spare_ && spare_->has_more() ? open_next_server() : linger();
  } else {
    client_input_ = Input::Ended;
    if (!stream.tls_failure().empty()) count_tls_failure(stream.tls_failure());
    leave_gate();
    if (end == End::Broken) client_.reset();
  }
  settle();
}

void Connection::on_written(Stream&) {
  context_.refresh_clock();
  settle();
}

void Connection::on_connect(Result<Connected> outcome) {
  connect_outcome_ = std::move(outcome);
  if (starting_connector_) return;  // the caller of open_server() settles
  context_.refresh_clock();
  settle();
}

void Connection::on_tick() {
  context_.refresh_clock();
  session_.on_tick(context_.actions);
  carry_out();
  if (deadline_.count() != 0 && context_.environment.now >= deadline_) {
    if (handshake_ == Handshake::Running && !is_lingering_) {
      count_tls_failure("timeout");
      client_input_ = Input::Ended;
      client_.reset();
      leave_gate();
    } else if (relays_cancel_) {
      relays_cancel_ = false;
      close_server();
      client_.reset();
    } else if (client_ && client_->is_flushed()) {
      client_.reset();
    }  // else the client still reads its last answer
  }
  settle();
}

void Connection::drain() {
  context_.refresh_clock();
  session_.drain(context_.actions);
  carry_out();
  settle();
}

void Connection::answer(const console::Answer& answer) {
  if (is_lingering_) return;
  context_.refresh_clock();
  session_.on_console_answer(answer, context_.actions);
  carry_out();
  settle();
}

// The order matters: bytes go out before what ends their direction.
void Connection::carry_out() {
  if (client_) client_->write(context_.actions.to_client);
  if (!context_.actions.to_server.empty()) send_to_server(context_.actions.to_server);
  if (const auto fits = context_.actions.server_fits) {
    context_.health.record_fit(server_address_, *fits);
  }
  if (context_.actions.opening != session::Opening::None) carry_out_opening();
  if (context_.actions.shutdown_server) {
    server_finishing_ = true;
    if (server_) server_->finish_writing();
  }
  if (context_.actions.close_server) close_server();
  if (context_.actions.close_client) linger();
  context_.actions.clear();
}

void Connection::open_next_server() {
  std::unique_ptr<Connector> spare = std::move(spare_);
  close_server();
  connector_ = std::move(spare);
  starting_connector_ = true;
  connector_->resume(*this);
  starting_connector_ = false;
}

void Connection::send_to_server(const session::Outbox& outbox) {
  if (!server_) {
    for (std::size_t i = 0; i < outbox.piece_count(); ++i) early_.append(outbox.piece(i));
    return;
  }
  server_->write(outbox);
}

void Connection::carry_out_opening() {
  switch (context_.actions.opening) {
    case session::Opening::None:
      return;
    case session::Opening::Server:
    case session::Opening::FirstServer:
      return open_server();
    case session::Opening::NextServer:
      return open_next_server();
    case session::Opening::Cancel:
      relays_cancel_ = true;
      deadline_ = context_.environment.now + kCancelDeadline;
      return open_server();
    case session::Opening::ClientTls:
      return ask_for_handshake();
    case session::Opening::Console:
      return context_.ask_console(id_, session_.take_question());
  }
}

void Connection::ask_for_handshake() {
  tls_received_ = session_.take_tls_bytes();
  if (context_.handshakes.enter(*this)) return begin_handshake();
  handshake_ = Handshake::Waiting;
  client_input_ = Input::Paused;
  if (client_) client_->stop_reading();
}

void Connection::on_turn() {
  context_.refresh_clock();
  client_input_ = Input::Open;
  begin_handshake();
  settle();
}

void Connection::begin_handshake() {
  handshake_ = Handshake::Running;
  deadline_ = context_.environment.now + kTlsHandshakeDeadline;
  const std::string received = std::exchange(tls_received_, {});
  const bool is_direct = !received.empty() && !session_.asked_for_tls();
  auto engine = TlsEngine::towards_client(
      listener_tls(), is_direct ? TlsEngine::Entry::Direct : TlsEngine::Entry::Negotiated);
  if (!client_) return leave_gate();
  if (engine && client_->start_tls(std::move(engine), received)) return;
  count_tls_failure(client_->tls_failure());
  leave_gate();
  client_input_ = Input::Ended;
  client_.reset();
}

void Connection::on_secured(Stream& stream) {
  leave_gate();
  deadline_ = {};
  session_.on_client_tls(stream.tls_facts());
}

void Connection::leave_gate() {
  if (handshake_ == Handshake::None) return;
  handshake_ = Handshake::None;
  context_.handshakes.leave(*this);
}

void Connection::count_tls_failure(std::string_view reason) {
  context_.environment.metrics.cell(Metric::ClientConnectionFailures, {"tls"}).add();
  spdlog::debug("tls with client failed client={} reason={}", peer_, quoted(std::string(reason)));
}

void Connection::open_server() {
  connector_ = std::make_unique<Connector>(
      Connector::Setup{context_.loop, settings_->config.upstream, context_.health,
                       context_.environment.metrics, tls_});
  starting_connector_ = true;
  connector_->start(*this);
  starting_connector_ = false;
}

// Tells the session how opening its server went.
void Connection::take_server() {
  Result<Connected> outcome = std::move(*connect_outcome_);
  connect_outcome_.reset();
  spare_ = std::move(connector_);
  if (outcome) server_ = Stream::open(std::move(outcome->socket), context_.stream_setup(), *this);
  if (!server_) {
    if (!outcome) spdlog::warn("upstream unavailable reason={}", quoted(outcome.error().message));
    session_.on_server_unavailable(context_.actions);
    return carry_out();
  }
  server_address_ = outcome->address;
  if (outcome->tls) secure_server(std::move(outcome->tls));
  upstream_connections_ =
      &context_.environment.metrics.cell(Metric::UpstreamConnections, {outcome->upstream});
  upstream_connections_->add(1);
  if (!early_.empty()) {
    session::Outbox early;
    early.forward(early_);
    send_to_server(early);
    if (!relays_cancel_) early_ = {};
  }
  session_.on_server_connected(context_.actions);
  carry_out();
  if (server_ && server_finishing_) server_->finish_writing();
}

void Connection::secure_server(std::unique_ptr<TlsEngine> engine) {
  session::LegTls facts = engine->facts();
  const bool should_be_ours =
      listener_tls().context && settings_->config.channel_binding == "same_certificate";
  if (should_be_ours && facts.server_end_point != listener_tls().server_end_point) {
    spdlog::warn("the server's certificate is not the listener's, so channel binding fails");
  }
  session_.on_server_tls(std::move(facts));
  server_->start_tls(std::move(engine), {});
}

void Connection::close_server() {
  connector_.reset();
  spare_.reset();
  connect_outcome_.reset();
  server_.reset();
  if (upstream_connections_ != nullptr) upstream_connections_->add(-1);
  upstream_connections_ = nullptr;
}

// protocol.md 7.5: closing with unread input would reset the connection and destroy the client's
// last message.
void Connection::linger() {
  if (is_lingering_) return;
  is_lingering_ = true;
  relays_cancel_ = false;
  held_ = {};
  deadline_ = context_.environment.now + kLinger;
  if (client_) client_->finish_writing();
}

// One thing that had to wait, told to the session. False when there is none.
bool Connection::deliver_waiting() {
  if (connect_outcome_) {
    take_server();
    return true;
  }
  if (is_lingering_) return false;
  if (!held_.empty()) {
    if (!session_.wants_client_input()) return false;
    const std::string bytes = std::exchange(held_, {});
    session_.on_client_bytes(bytes, context_.actions);
    carry_out();
    return true;
  }
  if (client_input_ != Input::Ended || client_end_told_) return false;
  client_end_told_ = true;
  session_.on_client_eof(context_.actions);
  carry_out();
  return true;
}

void Connection::settle() {
  while (deliver_waiting()) {
  }
  note_phase();
  drop_finished();
  if (is_finished()) {
    note_trouble();
    return owner_.on_finished(*this);
  }
  set_readers();
}

void Connection::set_readers() {
  if (client_ && client_input_ == Input::Open) {
    const bool server_is_full = server_ && server_->is_congested();
    if (is_lingering_ || (held_.empty() && !server_is_full)) {
      client_->start_reading();
    } else {
      client_->stop_reading();
    }
  }
  if (!server_) return;
  if (client_ && client_->is_congested()) {
    server_->stop_reading();
  } else {
    server_->start_reading();
  }
}

void Connection::drop_finished() {
  if (client_ && client_->is_broken()) {
    // As on a direct connection, where the server's own write would have failed.
    client_.reset();
    close_server();
  }
  const bool has_console = session_.phase() == Phase::Console;
  const bool has_server = server_ || connector_ || connect_outcome_ || has_console;
  const bool client_ended = client_input_ == Input::Ended;
  if (client_ended && client_end_told_ && !has_server) linger();
  if (client_ && is_lingering_ && client_ended && client_->is_flushed()) client_.reset();
  // A cancel request is carried to its end even when its client did not wait for it.
  if (!client_ && !relays_cancel_ && (!server_ || server_->is_flushed())) close_server();
}

bool Connection::is_finished() const {
  return !client_ && !server_ && !connector_ && !connect_outcome_;
}

// At the end, whichever peer made it.
void Connection::note_trouble() const {
  const std::string_view trouble = session_.login_trouble();
  if (trouble.empty()) return;
  spdlog::warn("log-in failed client={} database={} user={} reason={}", peer_,
               quoted(session_.database()), quoted(session_.user()), quoted(trouble));
}

void Connection::note_phase() {
  const Phase phase = session_.phase();
  if (noted_phase_ == phase) return;
  noted_phase_ = phase;
  const bool is_choosing = phase == Phase::Connecting || phase == Phase::Authenticating;
  if (!is_choosing && !relays_cancel_) spare_.reset();
  const bool is_known =
      phase == Phase::Ready || phase == Phase::Bypassed || phase == Phase::Console;
  if (!is_known && phase != Phase::Closing) return;
  // protocol.md 1.23: the server sees the proxy's address, so this line joins its log with the
  // client's.
  spdlog::debug("session {} client={} database={} user={} backend_pid={}",
                is_known ? "ready" : "closing", peer_, quoted(session_.database()),
                quoted(session_.user()), session_.backend_pid());
}

}  // namespace pgconcord::net
