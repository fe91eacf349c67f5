// What a worker lends to its connections; outlives them. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "proxy/limits.h"
#include "proxy/net/handshake_gate.h"
#include "proxy/net/stream.h"
#include "proxy/net/tls_context.h"
#include "proxy/net/upstream_health.h"
#include "proxy/session/session.h"

namespace pgconcord::net {

struct Context {
  Context(uv_loop_t& worker_loop, session::Environment lent, UpstreamHealth& shared_health,
          const TlsStore& shared_tls)
      : loop(worker_loop),
        environment(std::move(lent)),
        health(shared_health),
        tls(shared_tls),
        handshakes(worker_loop, kTlsHandshakesMax) {}

  void refresh_clock() { environment.now = std::chrono::milliseconds(uv_now(&loop)); }
  StreamSetup stream_setup() {
    return {&loop, *read_buffer_, *plain_buffer_, environment.settings->config.limits.buffer_bytes};
  }

  uv_loop_t& loop;
  session::Environment environment;
  UpstreamHealth& health;
  const TlsStore& tls;
  HandshakeGate handshakes;
  // The answer comes to the connection of that id, if it is still there.
  std::function<void(std::uint64_t, console::Question)> ask_console;
  session::Actions actions;  // of the call under way; shared because connections take turns

 private:
  using ReadBuffer = std::array<char, kReadBuffer>;
  std::unique_ptr<ReadBuffer> read_buffer_ = std::make_unique<ReadBuffer>();
  // What TLS makes of the other; not touched, so not resident, where there is no TLS.
  std::unique_ptr<ReadBuffer> plain_buffer_ = std::make_unique_for_overwrite<ReadBuffer>();
};

}  // namespace pgconcord::net
