// From a connected socket to TLS with the server: SSLRequest and its one-byte answer, or direct,
// then the handshake (protocol.md 1.6, 2.5). Has no clock: the connector's timeout covers it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "policies/config.h"
#include "proxy/net/socket.h"
#include "proxy/net/tls_context.h"
#include "proxy/net/tls_engine.h"
#include "proxy/net/uv_handle.h"

namespace pgconcord::net {

struct Dialed {
  Descriptor socket;
  std::unique_ptr<TlsEngine> tls;  // null: the server has none and none is needed
};

class TlsDialerEvents {
 public:
  // Once, possibly from within start(). The callee may destroy the dialer. The error says why
  // without the address.
  virtual void on_dialed(Result<Dialed> outcome) = 0;

 protected:
  ~TlsDialerEvents() = default;
};

class TlsDialer {
 public:
  // What it works with outlives it.
  TlsDialer(uv_loop_t& loop, const UpstreamTls& material, const policies::Address& address,
            Descriptor socket);

  void start(TlsDialerEvents& events);

 private:
  enum class Step : std::uint8_t { Answer, Handshake };

  void on_ready();
  void read_answer();
  void begin_handshake();
  void read_handshake();
  bool flush();
  void watch();
  void finish_when_sent();
  void finish(std::unique_ptr<TlsEngine> tls);
  void fail(int error_number, std::string message);

  uv_loop_t& loop_;
  const UpstreamTls& material_;
  const policies::Address& address_;
  Descriptor socket_;
  std::unique_ptr<TlsEngine> engine_;
  UvHandle<uv_poll_t> poll_;
  TlsDialerEvents* events_ = nullptr;
  std::string unsent_;
  Step step_ = Step::Answer;
};

}  // namespace pgconcord::net
