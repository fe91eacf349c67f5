// Opens one server connection: every address in the order of the configuration (those known not to
// fit target_session_attrs last), every address a name resolves to, each with its own timeout
// (protocol.md 7.16), which covers TLS too. Numeric hosts and unix sockets never touch the
// resolver's thread pool.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/registry.h"
#include "policies/config.h"
#include "proxy/net/socket.h"
#include "proxy/net/tls_context.h"
#include "proxy/net/tls_dialer.h"
#include "proxy/net/upstream_health.h"
#include "proxy/net/uv_handle.h"

namespace pgconcord::net {

struct Connected {
  Descriptor socket;
  std::unique_ptr<TlsEngine> tls;  // null: in the clear
  std::string upstream;            // the configured address that answered, as written
  std::size_t address = 0;         // its place in the configuration
};

class ConnectorEvents {
 public:
  // Once per start(), possibly from within it. The error is that of the last address. A callee may
  // destroy the connector.
  virtual void on_connect(Result<Connected> outcome) = 0;

 protected:
  ~ConnectorEvents() = default;
};

class Connector final : TlsDialerEvents {
 public:
  // What it works with outlives it.
  struct Setup {
    uv_loop_t& loop;
    const policies::Upstream& upstream;
    UpstreamHealth& health;
    metrics::Shard& metrics;
    TlsRef tls;
  };
  explicit Connector(Setup setup);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  void start(ConnectorEvents& events);
  // After a success: the server reached will not do. Goes on with what was not tried yet.
  void resume(ConnectorEvents& events);
  bool has_more() const { return !candidates_.empty() || next_ < order_.size(); }

 private:
  struct Resolution;

  void next_address();
  void resolve(const policies::Address& address);
  void on_resolved(int status, const addrinfo* found);
  void next_candidate();
  void try_candidate();
  void wait_for(Descriptor socket);
  void on_writable();
  void secure(Descriptor socket);
  void on_dialed(Result<Dialed> outcome) override;
  void succeed(Dialed dialed);
  void fail(std::string_view reason, NetError error);
  void arm_timeout();
  const policies::Address& address() const { return upstream_.addresses[index()]; }
  std::size_t index() const { return order_[next_ - 1]; }

  uv_loop_t& loop_;
  const policies::Upstream& upstream_;
  UpstreamHealth& health_;
  metrics::Shard& metrics_;
  const TlsRef tls_;
  ConnectorEvents* events_ = nullptr;
  std::vector<std::size_t> order_;        // of the configured addresses
  std::size_t next_ = 0;                  // place in order_ after the one being tried
  std::deque<SocketAddress> candidates_;  // what the address being tried stands for
  SocketAddress candidate_;               // the one being tried
  bool in_the_clear_ = false;             // its second try, without TLS
  Resolution* resolution_ = nullptr;      // owned by libuv while it runs
  Descriptor socket_;                     // being connected
  UvHandle<uv_poll_t> poll_;
  std::unique_ptr<TlsDialer> dialer_;
  UvHandle<uv_timer_t> timeout_;
  std::uint64_t started_ns_ = 0;
  NetError last_error_;
};

}  // namespace pgconcord::net
