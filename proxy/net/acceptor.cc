#include "proxy/net/acceptor.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/net/log.h"
#include "proxy/net/proxy_header.h"

namespace pgconcord::net {
namespace {

// Accepted in one turn, so that a storm of connects does not starve signals.
constexpr int kAcceptsPerTurn = 256;
constexpr std::uint64_t kPauseMilliseconds = 250;
// Clients over the limit that may wait for their refusal at once (protocol.md 1.20); others are
// closed unheard.
constexpr std::size_t kRefusalsMax = 32;
// How often a draining process looks whether another took its addresses over, and how long clients
// may be on their way to our socket after that: a handshake with one lost packet.
constexpr std::uint64_t kWatchMilliseconds = 100;
constexpr std::uint64_t kHandOverMilliseconds = 1500;

}  // namespace

Result<std::unique_ptr<Acceptor>> Acceptor::open(uv_loop_t& loop,
                                                 const std::vector<policies::Listener>& listeners,
                                                 Sharing sharing, metrics::Shard& metrics) {
  std::unique_ptr<Acceptor> acceptor(new Acceptor(loop, metrics));
  for (const policies::Listener& listener : listeners) {
    auto socket = listen_on(listener.address, sharing);
    if (!socket) return tl::unexpected(std::move(socket.error()));
    auto listening = std::make_unique<Listening>();
    const std::string& path = listener.address.unix_path;
    listening->address = path.empty() ? describe_bound(socket->get()) : "unix:" + path;
    listening->unix_path = path;
    listening->balancers = listener.proxy_trusted;
    if (!path.empty()) listening->file = file_at(path);
    if (path.empty() && other_listeners(socket->get()) == 0) share_new_clients(socket->get());
    listening->socket = std::move(*socket);
    listening->index = acceptor->listening_.size();
    listening->acceptor = acceptor.get();
    acceptor->listening_.push_back(std::move(listening));
  }
  return acceptor;
}

Acceptor::Acceptor(uv_loop_t& loop, metrics::Shard& metrics)
    : loop_(loop),
      refused_(metrics.cell(metrics::Metric::ClientConnectionFailures, {"limit_exceeded"})) {}

Acceptor::~Acceptor() {
  for (const auto& listening : listening_) {
    listening->poll.reset();
    remove_file(*listening);
  }
}

// Not the socket of a process that took over.
void Acceptor::remove_file(const Listening& listening) {
  if (!listening.file || listening.file != file_at(listening.unix_path)) return;
  ::unlink(listening.unix_path.c_str());
}

void Acceptor::start(Workers& workers) {
  workers_ = &workers;
  pause_ = make_handle<uv_timer_t>(
      this, [&](uv_timer_t* handle) { return uv_timer_init(&loop_, handle); });
  for (const auto& listening : listening_) {
    const int descriptor = listening->socket.get();
    listening->poll = make_handle<uv_poll_t>(listening.get(), [&](uv_poll_t* handle) {
      return uv_poll_init(&loop_, handle, descriptor);
    });
    listen(*listening);
  }
}

void Acceptor::drain(std::function<void()> on_left) {
  is_draining_ = true;
  on_left_ = std::move(on_left);
  look_for_successors();
  watch_ = make_handle<uv_timer_t>(
      this, [&](uv_timer_t* handle) { return uv_timer_init(&loop_, handle); });
  if (!watch_) return;
  uv_timer_start(
      watch_.get(),
      [](uv_timer_t* timer) { static_cast<Acceptor*>(timer->data)->look_for_successors(); },
      kWatchMilliseconds, kWatchMilliseconds);
}

bool Acceptor::is_handing_over() const {
  return std::any_of(listening_.begin(), listening_.end(),
                     [](const auto& listening) { return listening->closes_at != 0; });
}

void Acceptor::look_for_successors() {
  const bool was_handing_over = is_handing_over();
  for (auto entry = listening_.begin(); entry != listening_.end();) {
    Listening& listening = **entry;
    look_for_successor(listening);
    if (listening.closes_at == 0 || uv_now(&loop_) < listening.closes_at) {
      ++entry;
      continue;
    }
    while (accept_one(listening)) {  // closing would reset them
    }
    entry = listening_.erase(entry);
  }
  if (was_handing_over && !is_handing_over()) on_left_();
}

void Acceptor::look_for_successor(Listening& listening) {
  if (listening.closes_at != 0) return;
  if (!listening.unix_path.empty()) {
    const auto file = file_at(listening.unix_path);
    if (!file || file == listening.file) return;
  } else {
    const std::size_t others = other_listeners(listening.socket.get());
    if (others == 0) return;
    leave_new_clients(listening.socket.get(), others);
  }
  listening.closes_at = uv_now(&loop_) + kHandOverMilliseconds;
  spdlog::info("left to another process address={}", listening.address);
}

std::vector<std::string> Acceptor::addresses() const {
  std::vector<std::string> result;
  for (const auto& listening : listening_) result.push_back(listening->address);
  return result;
}

void Acceptor::listen(Listening& listening) {
  uv_poll_start(listening.poll.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    auto& ready = *static_cast<Listening*>(handle->data);
    ready.acceptor->accept_from(ready);
  });
}

void Acceptor::accept_from(const Listening& listening) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (!accept_one(listening)) return;
  }
}

// False when nobody waits, or nobody can be accepted now.
bool Acceptor::accept_one(const Listening& listening) {
  SocketAddress peer;
  peer.size = sizeof peer.storage;
  Descriptor socket(
      ::accept4(listening.socket.get(), peer.raw(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.is_open()) {
    hand_over(listening, std::move(socket), peer);
    return true;
  }
  switch (errno) {
    case EINTR:
    case ECONNABORTED:
      return true;  // that client is gone, the next may be there
    case EAGAIN:
      return false;
    default:
      // EMFILE, ENFILE, ENOBUFS, ENOMEM: the client stays in the backlog; asking again at once
      // would spin.
      spdlog::error("accept failed address={} reason={}", listening.address,
                    quoted(std::strerror(errno)));
      pause();
      return false;
  }
}

void Acceptor::hand_over(const Listening& listening, Descriptor socket, const SocketAddress& peer) {
  Worker* chosen = nullptr;
  std::size_t total = 0;
  for (const auto& worker : *workers_) {
    total += worker->sessions();
    if (chosen == nullptr || worker->sessions() < chosen->sessions()) chosen = worker.get();
  }
  if (total >= max_clients_ + kRefusalsMax) {
    refused_.add();
    return;
  }
  auto admission = total >= max_clients_ ? Admission::Refuse : Admission::Admit;
  // A successor is there: this client came to us by chance, and a refusal would be one that the
  // restart caused.
  if (is_draining_ && listening.closes_at == 0) admission = Admission::TurnAway;
  const bool from_balancer = is_inside(peer, listening.balancers);
  chosen->accept({std::move(socket), describe(peer), next_id_++, admission,
                  from_balancer ? Prelude::ProxyHeader : Prelude::None, listening.index});
}

void Acceptor::pause() {
  for (const auto& listening : listening_) {
    if (listening->poll) uv_poll_stop(listening->poll.get());
  }
  if (!pause_) return;
  uv_timer_start(
      pause_.get(), [](uv_timer_t* timer) { static_cast<Acceptor*>(timer->data)->resume(); },
      kPauseMilliseconds, 0);
}

void Acceptor::resume() {
  for (const auto& listening : listening_) {
    if (listening->poll) listen(*listening);
  }
}

}  // namespace pgconcord::net
