#include "proxy/net/acceptor.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/net/log.h"

namespace pgconcord::net {
namespace {

// Accepted in one turn, so that a storm of connects does not starve signals.
constexpr int kAcceptsPerTurn = 256;
constexpr std::uint64_t kPauseMilliseconds = 250;
// Clients over the limit that may wait for their refusal at once (protocol.md 1.20); others are
// closed unheard.
constexpr std::size_t kRefusalsMax = 32;

}  // namespace

Result<std::unique_ptr<Acceptor>> Acceptor::open(uv_loop_t& loop,
                                                 const std::vector<policies::Listener>& listeners,
                                                 metrics::Shard& metrics) {
  std::unique_ptr<Acceptor> acceptor(new Acceptor(loop, metrics));
  for (const policies::Listener& listener : listeners) {
    auto socket = listen_on(listener.address);
    if (!socket) return tl::unexpected(std::move(socket.error()));
    auto listening = std::make_unique<Listening>();
    listening->address = describe_bound(socket->get());
    listening->unix_path = listener.address.unix_path;
    listening->socket = std::move(*socket);
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
    if (!listening->unix_path.empty()) ::unlink(listening->unix_path.c_str());
  }
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

void Acceptor::close() {
  for (const auto& listening : listening_) {
    while (accept_one(*listening)) {
    }
    listening->poll.reset();
    listening->socket.reset();
    if (!listening->unix_path.empty()) ::unlink(listening->unix_path.c_str());
  }
  listening_.clear();
  pause_.reset();
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
    hand_over(std::move(socket), peer);
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

void Acceptor::hand_over(Descriptor socket, const SocketAddress& peer) {
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
  const auto admission = total >= max_clients_ ? Admission::Refuse : Admission::Admit;
  chosen->accept({std::move(socket), describe(peer), next_id_++, admission});
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
