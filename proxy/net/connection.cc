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

}  // namespace

Connection::Connection(Context& context, ConnectionOwner& owner, Accepted accepted)
    : context_(context),
      owner_(owner),
      settings_(context.environment.settings),
      id_(accepted.id),
      peer_(std::move(accepted.peer)),
      admission_(accepted.admission),
      session_(context.environment, accepted.id),
      client_(Stream::open(std::move(accepted.socket), context.stream_setup(), *this)) {}

Connection::~Connection() {
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
    client_ended_ = true;
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
    if (relays_cancel_) {
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

// The order matters: bytes go out before what ends their direction.
void Connection::carry_out() {
  if (client_) client_->write(context_.actions.to_client);
  if (!context_.actions.to_server.empty()) send_to_server(context_.actions.to_server);
  if (context_.actions.relay_cancel) {
    relays_cancel_ = true;
    deadline_ = context_.environment.now + kCancelDeadline;
  }
  if (context_.actions.connect_server || context_.actions.relay_cancel) open_server();
  if (context_.actions.shutdown_server) {
    server_finishing_ = true;
    if (server_) server_->finish_writing();
  }
  choose_server();
  if (context_.actions.close_server) close_server();
  if (context_.actions.close_client) linger();
  context_.actions.clear();
}

void Connection::choose_server() {
  const auto& actions = context_.actions;
  if (actions.server_fits) context_.health.record_fit(server_address_, *actions.server_fits);
  if (actions.next_server) open_next_server();
  if (actions.first_server) open_server();
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

void Connection::open_server() {
  connector_ = std::make_unique<Connector>(context_.loop, settings_->config.upstream,
                                           context_.health, context_.environment.metrics);
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
  if (!client_ended_ || client_end_told_) return false;
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
  if (client_ && !client_ended_) {
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
  const bool has_server = server_ || connector_ || connect_outcome_;
  if (client_ended_ && client_end_told_ && !has_server) linger();
  if (client_ && is_lingering_ && client_ended_ && client_->is_flushed()) client_.reset();
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
  const bool is_known = phase == Phase::Ready || phase == Phase::Bypassed;
  if (!is_known && phase != Phase::Closing) return;
  // protocol.md 1.23: the server sees the proxy's address, so this line joins its log with the
  // client's.
  spdlog::debug("session {} client={} database={} user={} backend_pid={}",
                is_known ? "ready" : "closing", peer_, quoted(session_.database()),
                quoted(session_.user()), session_.backend_pid());
}

}  // namespace pgconcord::net
