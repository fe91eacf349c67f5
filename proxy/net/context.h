// What a worker lends to its connections; outlives them. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "proxy/limits.h"
#include "proxy/net/stream.h"
#include "proxy/net/upstream_health.h"
#include "proxy/session/session.h"

namespace pgconcord::net {

struct Context {
  Context(uv_loop_t& loop_, session::Environment environment_, UpstreamHealth& health_)
      : loop(loop_), environment(std::move(environment_)), health(health_) {}

  void refresh_clock() { environment.now = std::chrono::milliseconds(uv_now(&loop)); }
  StreamSetup stream_setup() {
    return {&loop, *read_buffer, environment.settings->config.limits.buffer_bytes};
  }

  uv_loop_t& loop;
  session::Environment environment;
  UpstreamHealth& health;
  session::Actions actions;  // of the call under way; shared because connections take turns

 private:
  using ReadBuffer = std::array<char, kReadBuffer>;
  std::unique_ptr<ReadBuffer> read_buffer = std::make_unique<ReadBuffer>();
};

}  // namespace pgconcord::net
