// A connection of a trusted load balancer until its PROXY header was read: then the socket, with
// exactly the header taken from it, goes on to become a Connection (or a TLS handshake).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/net/connection.h"
#include "proxy/net/uv_handle.h"

namespace pgconcord::net {

class ProxyPrelude;

class PreludeEvents {
 public:
  // The last thing a prelude does: the callee takes the socket and destroys it.
  virtual void on_header_read(ProxyPrelude& prelude) = 0;
  // `reason` is a value of the label; empty when the balancer left without a word (a health check).
  virtual void on_header_failed(ProxyPrelude& prelude, std::string_view reason) = 0;

 protected:
  ~PreludeEvents() = default;
};

class ProxyPrelude {
 public:
  // Null when the loop takes no more handles.
  static std::unique_ptr<ProxyPrelude> open(uv_loop_t& loop, PreludeEvents& events,
                                            Accepted accepted);
  std::uint64_t id() const { return accepted_.id; }
  // The balancer.
  const std::string& peer_of_socket() const { return balancer_; }
  // In milliseconds of the loop.
  std::uint64_t opened() const { return opened_; }
  // With the client that the header names; once, from on_header_read().
  Accepted take();

 private:
  ProxyPrelude(PreludeEvents& events, Accepted accepted, std::uint64_t opened)
      : events_(events),
        accepted_(std::move(accepted)),
        balancer_(accepted_.peer),
        opened_(opened) {}
  void on_readable();
  bool consume(std::size_t size) const;

  PreludeEvents& events_;
  Accepted accepted_;
  const std::string balancer_;
  std::uint64_t opened_;
  std::string header_;  // of an unfinished one: all that came
  UvHandle<uv_poll_t> poll_;
};

}  // namespace pgconcord::net
