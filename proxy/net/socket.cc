#include "proxy/net/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

namespace pgconcord::net {
namespace {

// As PgBouncer and HAProxy do for long-lived sessions: dead peers are found in about two minutes.
constexpr int kKeepAliveIdleSeconds = 60;
constexpr int kKeepAliveIntervalSeconds = 15;
constexpr int kKeepAliveProbes = 4;
// What the server itself uses for unix sockets: access is ruled by the directory and by
// authentication.
constexpr mode_t kUnixSocketMode = 0777;

NetError failure(const std::string& what, int error_number) {
  return {error_number, what + ": " + std::strerror(error_number)};
}

void set_option(int descriptor, int level, int option, int value) {
  ::setsockopt(descriptor, level, option, &value, sizeof value);
}

std::optional<SocketAddress> unix_address(const std::string& path) {
  SocketAddress address;
  auto& target = reinterpret_cast<sockaddr_un&>(address.storage);
  if (path.size() >= sizeof target.sun_path) return std::nullopt;
  target.sun_family = AF_UNIX;
  std::memcpy(target.sun_path, path.c_str(), path.size() + 1);
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

std::string describe_inet(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
}

// True when somebody answers: then the path is not ours to remove.
bool is_served(const SocketAddress& address) {
  auto probe = open_socket(AF_UNIX);
  return probe && ::connect(probe->get(), address.raw(), address.size) == 0;
}

Result<Descriptor> bind_and_listen(const SocketAddress& address, const std::string& text,
                                   Sharing sharing) {
  auto socket = open_socket(address.storage.ss_family);
  if (!socket) return socket;
  set_option(socket->get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.storage.ss_family == AF_INET6) {
    // `[::]` means IPv6 only, so that `0.0.0.0` can be listed beside it.
    set_option(socket->get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  // Bound without it, the port cannot be shared by accident; given afterwards, a process that takes
  // over may join.
  if (sharing == Sharing::TakeOver) set_option(socket->get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (::bind(socket->get(), address.raw(), address.size) != 0) {
    return tl::unexpected(failure("cannot listen on " + text, errno));
  }
  set_option(socket->get(), SOL_SOCKET, SO_REUSEPORT, 1);
  tune(socket->get());  // accepted sockets inherit it
  if (::listen(socket->get(), SOMAXCONN) != 0) {
    return tl::unexpected(failure("cannot listen on " + text, errno));
  }
  return socket;
}

// Beside the living socket, then in its place: no client finds nobody.
Result<Descriptor> replace_unix(const policies::Address& address) {
  const std::string draft = address.unix_path + ".new";
  const auto target = unix_address(draft);
  if (!target) return tl::unexpected(failure("cannot listen on " + address.text, ENAMETOOLONG));
  ::unlink(draft.c_str());
  auto socket = bind_and_listen(*target, address.text, Sharing::Alone);
  if (!socket) return socket;
  const bool in_place = ::chmod(draft.c_str(), kUnixSocketMode) == 0 &&
                        ::rename(draft.c_str(), address.unix_path.c_str()) == 0;
  if (in_place) return socket;
  const int error_number = errno;
  ::unlink(draft.c_str());
  return tl::unexpected(failure("cannot listen on " + address.text, error_number));
}

Result<Descriptor> listen_unix(const policies::Address& address, Sharing sharing) {
  const auto target = unix_address(address.unix_path);
  if (!target) return tl::unexpected(failure("cannot listen on " + address.text, ENAMETOOLONG));
  struct stat status {};
  if (::lstat(address.unix_path.c_str(), &status) == 0) {
    const bool is_living = S_ISSOCK(status.st_mode) && is_served(*target);
    if (is_living && sharing == Sharing::TakeOver) return replace_unix(address);
    if (!S_ISSOCK(status.st_mode) || is_living) {
      return tl::unexpected(failure("cannot listen on " + address.text, EADDRINUSE));
    }
    ::unlink(address.unix_path.c_str());
  }
  auto socket = bind_and_listen(*target, address.text, Sharing::Alone);
  if (socket && ::chmod(address.unix_path.c_str(), kUnixSocketMode) != 0) {
    return tl::unexpected(failure("cannot set the permissions of " + address.text, errno));
  }
  return socket;
}

Result<SocketAddress> resolve_now(const policies::Address& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const int status = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
  if (status != 0) {
    return tl::unexpected(
        NetError{0, "cannot listen on " + address.text + ": " + ::gai_strerror(status)});
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  SocketAddress result;
  std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
  result.size = found->ai_addrlen;
  return result;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    number_ = other.release();
  }
  return *this;
}

void Descriptor::reset() {
  if (number_ >= 0) ::close(release());
}

std::string describe(const SocketAddress& address) {
  if (address.storage.ss_family != AF_UNIX) return describe_inet(address);
  const auto& path = reinterpret_cast<const sockaddr_un&>(address.storage);
  if (address.size <= offsetof(sockaddr_un, sun_path) || path.sun_path[0] == '\0') return "unix";
  return "unix:" + std::string(path.sun_path);
}

std::string describe_bound(int descriptor) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getsockname(descriptor, address.raw(), &address.size) != 0) return "";
  return describe(address);
}

std::optional<SocketAddress> without_resolver(const policies::Address& address) {
  if (!address.unix_path.empty()) return unix_address(address.unix_path);
  SocketAddress result;
  auto& v4 = reinterpret_cast<sockaddr_in&>(result.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(result.storage);
  if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    result.size = sizeof v4;
    return result;
  }
  if (::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    result.size = sizeof v6;
    return result;
  }
  return std::nullopt;
}

Result<Descriptor> open_socket(int family) {
  Descriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return tl::unexpected(failure("cannot open a socket", errno));
  return socket;
}

void tune(int descriptor) {
  // Errors are ignored: unix sockets know none of these and need none.
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

Result<Descriptor> listen_on(const policies::Address& address, Sharing sharing) {
  if (!address.unix_path.empty()) return listen_unix(address, sharing);
  if (const auto numeric = without_resolver(address)) {
    return bind_and_listen(*numeric, address.text, sharing);
  }
  const auto resolved = resolve_now(address);
  if (!resolved) return tl::unexpected(resolved.error());
  return bind_and_listen(*resolved, address.text, sharing);
}

}  // namespace pgconcord::net
