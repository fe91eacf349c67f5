// Is the server there? Asked by /readyz only. Runs on the main loop, so that a hanging resolver or
// a dead host never delays an answer of the admin interface by more than a moment.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "proxy/net/connector.h"
#include "proxy/net/uv_handle.h"

namespace pgconcord::net {

class UpstreamProbe final : ConnectorEvents {
 public:
  // Null when the loop takes no more handles.
  static std::unique_ptr<UpstreamProbe> open(Connector::Setup setup, const TlsStore& tls);

  // Any thread but the loop's. True when a client or a probe reached the server lately; else a
  // connection is opened and closed again, and its outcome counts if it comes soon.
  bool is_reachable();

 private:
  using Clock = std::chrono::steady_clock;

  UpstreamProbe(const Connector::Setup& setup, const TlsStore& tls);
  void start();
  void on_connect(Result<Connected> outcome) override;

  uv_loop_t& loop_;
  const policies::Upstream upstream_;
  UpstreamHealth& health_;
  metrics::Shard& metrics_;
  const TlsStore& tls_;
  UvHandle<uv_async_t> wake_;
  std::unique_ptr<Connector> connector_;  // the loop's thread only

  std::mutex mutex_;
  std::condition_variable answered_;
  bool is_reachable_ = false;
  Clock::time_point answer_time_{};
};

}  // namespace pgconcord::net
