#include "proxy/net/upstream_probe.h"

#include <netdb.h>
#include <poll.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "proxy/net/socket.h"

namespace pgconcord::net {
namespace {

// A success this fresh needs no new connection.
constexpr std::chrono::milliseconds kFresh{5000};

std::vector<SocketAddress> resolve(const policies::Address& address) {
  if (const auto numeric = without_resolver(address)) return {*numeric};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  if (::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<SocketAddress> result;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    SocketAddress each;
    std::memcpy(&each.storage, entry->ai_addr, entry->ai_addrlen);
    each.size = entry->ai_addrlen;
    result.push_back(each);
  }
  return result;
}

bool answers(const SocketAddress& address, std::chrono::milliseconds timeout) {
  const auto socket = open_socket(address.storage.ss_family);
  if (!socket) return false;
  if (::connect(socket->get(), address.raw(), address.size) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd waiting{socket->get(), POLLOUT, 0};
  if (::poll(&waiting, 1, static_cast<int>(timeout.count())) != 1) return false;
  int error_number = 0;
  socklen_t size = sizeof error_number;
  ::getsockopt(socket->get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  return error_number == 0;
}

}  // namespace

bool is_upstream_reachable(const policies::Upstream& upstream, UpstreamHealth& health,
                           std::chrono::milliseconds timeout) {
  if (health.was_reached_within(kFresh)) return true;
  for (std::size_t i = 0; i < upstream.addresses.size(); ++i) {
    for (const SocketAddress& address : resolve(upstream.addresses[i])) {
      if (!answers(address, timeout)) continue;
      health.record(i, true);
      return true;
    }
    health.record(i, false);
  }
  return false;
}

}  // namespace pgconcord::net
