// The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt): the first bytes of a
// connection that a load balancer made say whom it was made for. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/net/socket.h"

namespace pgconcord::net {

enum class HeaderStatus : std::uint8_t {
  NeedMore,  // and all of the bytes belong to the header
  Invalid,
  Complete,
};

struct ProxyHeader {
  std::string client;    // as describe() writes it; empty = the balancer speaks for itself
  std::size_t size = 0;  // of the header
};

// `bytes` are the first of the connection. Never asks for more than kProxyHeaderMax in all.
HeaderStatus read_proxy_header(std::string_view bytes, ProxyHeader& header);

// Is the address inside one of the networks (`10.0.0.0/8`, `fd00::/8`, or a single address)?
bool is_inside(const SocketAddress& address, const std::vector<std::string>& networks);

}  // namespace pgconcord::net
