#include "proxy/net/tls_dialer.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/wire/bytes.h"
#include "proxy/wire/startup.h"

namespace pgconcord::net {
namespace {

std::string ssl_request() {
  wire::ByteWriter writer;
  writer.u32(8);
  writer.u32(wire::kSslRequestCode);
  return writer.take();
}

bool is_later(int error_number) { return error_number == EAGAIN || error_number == EINTR; }

}  // namespace

TlsDialer::TlsDialer(uv_loop_t& loop, const UpstreamTls& material, const policies::Address& address,
                     Descriptor socket)
    : loop_(loop), material_(material), address_(address), socket_(std::move(socket)) {}

void TlsDialer::start(TlsDialerEvents& events) {
  events_ = &events;
  poll_ = make_handle<uv_poll_t>(
      this, [&](uv_poll_t* handle) { return uv_poll_init(&loop_, handle, socket_.get()); });
  engine_ = TlsEngine::towards_server(material_, address_);
  if (!poll_ || !engine_) return fail(ENOMEM, std::strerror(ENOMEM));
  if (material_.negotiation == UpstreamTls::Negotiation::Direct) return begin_handshake();
  unsent_ = ssl_request();
  if (flush()) watch();
}

void TlsDialer::on_ready() {
  if (!flush()) return;
  if (engine_->state() == TlsEngine::State::Open) return finish_when_sent();
  step_ == Step::Answer ? read_answer() : read_handshake();
}

void TlsDialer::read_answer() {
  char answer = 0;
  const ssize_t size = ::recv(socket_.get(), &answer, 1, 0);
  if (size < 0 && is_later(errno)) return watch();
  if (size < 0) return fail(errno, std::strerror(errno));
  if (size == 0) return fail(0, "the server closed the connection after the SSL request");
  if (answer == 'N' && material_.need == UpstreamTls::Need::Preferred) return finish(nullptr);
  if (answer == 'N') return fail(0, "the server has no TLS, and upstream.tls.mode insists on it");
  // An ErrorResponse is not read on: nobody knows who wrote it (CVE-2024-10977).
  if (answer != 'S') return fail(0, "the server does not answer the SSL request");
  char more = 0;
  if (::recv(socket_.get(), &more, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
    // CVE-2021-23222: a server waits for the handshake.
    return fail(0, "received unencrypted data after the answer to the SSL request");
  }
  begin_handshake();
}

void TlsDialer::begin_handshake() {
  step_ = Step::Handshake;
  engine_->begin();
  unsent_ = std::exchange(engine_->output(), {});
  if (flush()) watch();
}

void TlsDialer::read_handshake() {
  std::array<char, 4096> ciphertext;
  const ssize_t size = ::recv(socket_.get(), ciphertext.data(), ciphertext.size(), 0);
  if (size < 0 && is_later(errno)) return watch();
  if (size < 0) return fail(errno, std::strerror(errno));
  if (size == 0) return fail(0, "the server closed the connection during the handshake");
  engine_->receive({ciphertext.data(), static_cast<std::size_t>(size)});
  // The server says nothing before the start-up packet, so no plaintext can be due.
  engine_->read({});
  unsent_ += std::exchange(engine_->output(), {});
  const bool sent = flush();
  if (!sent) return;  // gone
  switch (engine_->state()) {
    case TlsEngine::State::Handshaking:
      return watch();
    case TlsEngine::State::Open:
      return finish_when_sent();
    case TlsEngine::State::Closed:
    case TlsEngine::State::Failed:
      return fail(0, engine_->failure());
  }
}

// False when that was the end; what the socket does not take waits for it to be writable.
bool TlsDialer::flush() {
  while (!unsent_.empty()) {
    const ssize_t size = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (size < 0 && is_later(errno)) return true;
    if (size < 0) {
      fail(errno, std::strerror(errno));
      return false;
    }
    unsent_.erase(0, static_cast<std::size_t>(size));
  }
  return true;
}

void TlsDialer::watch() {
  const int events = unsent_.empty() ? UV_READABLE : UV_READABLE | UV_WRITABLE;
  uv_poll_start(poll_.get(), events, [](uv_poll_t* handle, int, int) {
    static_cast<TlsDialer*>(handle->data)->on_ready();
  });
}

void TlsDialer::finish_when_sent() {
  if (!unsent_.empty()) return watch();
  finish(std::move(engine_));
}

void TlsDialer::finish(std::unique_ptr<TlsEngine> tls) {
  poll_.reset();
  events_->on_dialed(Dialed{std::move(socket_), std::move(tls)});
}

void TlsDialer::fail(int error_number, std::string message) {
  poll_.reset();
  events_->on_dialed(tl::unexpected(NetError{error_number, std::move(message)}));
}

}  // namespace pgconcord::net
