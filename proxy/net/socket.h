// Sockets as the system knows them: owned descriptors, addresses, and the options every connection
// of the proxy has. Both legs are opened here and then lent to libuv.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "policies/config.h"

namespace pgconcord::net {

struct NetError {
  int error_number = 0;  // errno; 0 when libuv's resolver or our own check failed
  std::string message;   // what was tried and why it failed
};

template <class T>
using Result = tl::expected<T, NetError>;

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }

  bool is_open() const { return number_ >= 0; }
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  void reset();

 private:
  int number_ = -1;
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
};

// `127.0.0.1:6432`, `[::1]:6432`, `unix:/dir/.s.PGSQL.6432`; `unix` for a socket without a name.
std::string describe(const SocketAddress& address);
// Where a bound socket listens, port 0 resolved.
std::string describe_bound(int descriptor);

// The address of a numeric host or a unix socket; nothing for a host name: that needs the resolver.
std::optional<SocketAddress> without_resolver(const policies::Address& address);

// Non-blocking and close-on-exec.
[[nodiscard]] Result<Descriptor> open_socket(int family);
// protocol.md 7.1: no Nagle, keep-alive. No TCP_USER_TIMEOUT: it would also end a connection whose
// living peer does not read for so long, which PostgreSQL allows for as long as the peer likes.
void tune(int descriptor);

// Whether an address may be one that a process of the same user listens on already.
enum class Sharing : std::uint8_t {
  Alone,
  TakeOver,  // online restart: a TCP port is shared with the other process, a unix socket replaced
};

// Bound, listening, non-blocking. A stale unix socket (nobody listens) is replaced; a living one is
// an error unless it is taken over. A TCP listener may be joined by a process that takes over.
[[nodiscard]] Result<Descriptor> listen_on(const policies::Address& address,
                                           Sharing sharing = Sharing::Alone);

}  // namespace pgconcord::net
