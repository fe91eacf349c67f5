// An event loop and real loopback sockets for the tests of net/. Waiting has a deadline, never a
// fixed sleep.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "policies/load.h"
#include "proxy/net/socket.h"

namespace pgconcord::net {

class TestLoop {
 public:
  TestLoop() {
    std::signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop_);
  }
  // What lives on the loop must be gone by now: its close callbacks run here.
  ~TestLoop() {
    uv_run(&loop_, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&loop_), 0);
  }
  TestLoop(const TestLoop&) = delete;
  TestLoop& operator=(const TestLoop&) = delete;

  uv_loop_t* get() { return &loop_; }

  // Turns the loop until `done`; false when it took too long.
  bool run_until(const std::function<bool()>& done,
                 std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      uv_run(&loop_, UV_RUN_NOWAIT);
      ::poll(nullptr, 0, 1);
    }
    return true;
  }

 private:
  uv_loop_t loop_{};
};

inline policies::Address address(const std::string& text) {
  auto parsed = policies::parse_address(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : policies::Address{};
}

// A listening socket of the test and its address with the port that it got.
struct Listening {
  explicit Listening(const std::string& text = "127.0.0.1:0") {
    auto opened = listen_on(address(text));
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    if (!opened) return;
    socket = std::move(*opened);
    bound = address(describe_bound(socket.get()));
  }
  Descriptor socket;
  policies::Address bound;
};

inline Descriptor connect_to(const policies::Address& target) {
  const auto numeric = without_resolver(target);
  EXPECT_TRUE(numeric);
  Descriptor socket(::socket(numeric->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(socket.get(), numeric->raw(), numeric->size), 0) << target.text;
  return socket;
}

// Waits until somebody is there.
inline Descriptor accept_on(const Listening& listening) {
  pollfd waiting{listening.socket.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 10'000), 1);
  return Descriptor(
      ::accept4(listening.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

// Both ends of a TCP connection; `ours` is non-blocking.
struct SocketPair {
  SocketPair() {
    const Listening listening;
    theirs = connect_to(listening.bound);
    ours = accept_on(listening);
  }
  Descriptor ours, theirs;
};

// What can be read without waiting.
inline std::string read_available(const Descriptor& socket) {
  std::string result;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t size = ::recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size <= 0) return result;
    result.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

inline bool is_at_end(const Descriptor& socket) {
  char byte = 0;
  return ::recv(socket.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

}  // namespace pgconcord::net
