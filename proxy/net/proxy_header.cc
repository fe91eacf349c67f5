#include "proxy/net/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "proxy/limits.h"

namespace pgconcord::net {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kLineStart = "PROXY ";
constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t kFixedPart = 16;  // signature, version and command, family, length

enum Command : std::uint8_t { Local = 0x20, Proxied = 0x21 };
enum Family : std::uint8_t {
  Unspecified = 0x00,
  OverTcp4 = 0x11,
  OverTcp6 = 0x21,
  OverUnix = 0x31
};
// Addresses and ports of both ends.
constexpr std::size_t kTcp4Size = 12, kTcp6Size = 36, kUnixSize = 216;

bool starts_alike(std::string_view bytes, std::string_view start) {
  const std::size_t size = std::min(bytes.size(), start.size());
  return bytes.substr(0, size) == start.substr(0, size);
}

std::string inet_text(int family, const char* address, std::uint16_t port) {
  SocketAddress result;
  if (family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(result.storage);
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, address, sizeof v4.sin_addr);
    v4.sin_port = htons(port);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(result.storage);
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, address, sizeof v6.sin6_addr);
    v6.sin6_port = htons(port);
  }
  return describe(result);
}

std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool has_leading_zero = text.size() > 1 && text[0] == '0';
  if (error != std::errc() || end != text.data() + text.size() || has_leading_zero) return {};
  return port;
}

// `TCP4 192.0.2.1 192.0.2.2 4711 6432`; behind UNKNOWN anything may follow.
HeaderStatus read_line(std::string_view line, ProxyHeader& header) {
  const std::string_view kind = take_word(line);
  if (kind == "UNKNOWN") return HeaderStatus::Complete;
  if (kind != "TCP4" && kind != "TCP6") return HeaderStatus::Invalid;
  const int family = kind == "TCP4" ? AF_INET : AF_INET6;
  const std::string source(take_word(line));
  const std::string destination(take_word(line));
  const auto source_port = port_of(take_word(line));
  const auto destination_port = port_of(line);
  std::array<char, sizeof(in6_addr)> client{};
  std::array<char, sizeof(in6_addr)> here{};
  const bool is_valid = source_port && destination_port &&
                        ::inet_pton(family, source.c_str(), client.data()) == 1 &&
                        ::inet_pton(family, destination.c_str(), here.data()) == 1;
  if (!is_valid) return HeaderStatus::Invalid;
  header.client = inet_text(family, client.data(), *source_port);
  return HeaderStatus::Complete;
}

HeaderStatus read_version_1(std::string_view bytes, ProxyHeader& header) {
  const std::size_t end = bytes.substr(0, kProxyLineMax).find("\r\n");
  if (end == std::string_view::npos) {
    return bytes.size() < kProxyLineMax ? HeaderStatus::NeedMore : HeaderStatus::Invalid;
  }
  header.size = end + 2;
  return read_line(bytes.substr(kLineStart.size(), end - kLineStart.size()), header);
}

std::uint16_t number_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                    static_cast<unsigned char>(bytes[at + 1]));
}

// TLVs behind the addresses are of no interest.
HeaderStatus read_addresses(std::uint8_t family, std::string_view block, ProxyHeader& header) {
  switch (family) {
    case Unspecified:
      return HeaderStatus::Complete;
    case OverTcp4:
      if (block.size() < kTcp4Size) return HeaderStatus::Invalid;
      header.client = inet_text(AF_INET, block.data(), number_at(block, 8));
      return HeaderStatus::Complete;
    case OverTcp6:
      if (block.size() < kTcp6Size) return HeaderStatus::Invalid;
      header.client = inet_text(AF_INET6, block.data(), number_at(block, 32));
      return HeaderStatus::Complete;
    case OverUnix:
      if (block.size() < kUnixSize) return HeaderStatus::Invalid;
      header.client = "unix";  // of another machine: its path says nothing here
      return HeaderStatus::Complete;
    default:
      return HeaderStatus::Invalid;
  }
}

HeaderStatus read_version_2(std::string_view bytes, ProxyHeader& header) {
  if (bytes.size() < kFixedPart) return HeaderStatus::NeedMore;
  const auto command = static_cast<std::uint8_t>(bytes[12]);
  if (command != Local && command != Proxied) return HeaderStatus::Invalid;
  header.size = kFixedPart + number_at(bytes, 14);
  if (header.size > kProxyHeaderMax) return HeaderStatus::Invalid;
  if (bytes.size() < header.size) return HeaderStatus::NeedMore;
  // The balancer's own connection, as for a health check; whatever it says of addresses is void.
  if (command == Local) return HeaderStatus::Complete;
  const std::string_view block = bytes.substr(kFixedPart, header.size - kFixedPart);
  return read_addresses(static_cast<std::uint8_t>(bytes[13]), block, header);
}

bool is_equal_for(const unsigned char* a, const unsigned char* b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (std::memcmp(a, b, whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<unsigned char>(0xFF << (8 - bits % 8));
  return ((a[whole] ^ b[whole]) & mask) == 0;
}

// The bytes of an address; its size tells the family.
std::string_view address_bytes(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    return {reinterpret_cast<const char*>(&v4.sin_addr), sizeof v4.sin_addr};
  }
  if (address.storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
    return {reinterpret_cast<const char*>(&v6.sin6_addr), sizeof v6.sin6_addr};
  }
  return {};
}

bool contains(const std::string& network, std::string_view address) {
  const std::size_t slash = network.find('/');
  const std::string base = network.substr(0, slash);
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  const bool is_v6 = base.find(':') != std::string::npos;
  if (::inet_pton(is_v6 ? AF_INET6 : AF_INET, base.c_str(), bytes.data()) != 1) return false;
  const std::size_t size = is_v6 ? sizeof(in6_addr) : sizeof(in_addr);
  if (address.size() != size) return false;
  unsigned bits = static_cast<unsigned>(size) * 8;
  if (slash != std::string::npos) {
    std::from_chars(network.data() + slash + 1, network.data() + network.size(), bits);
  }
  return is_equal_for(bytes.data(), reinterpret_cast<const unsigned char*>(address.data()), bits);
}

}  // namespace

HeaderStatus read_proxy_header(std::string_view bytes, ProxyHeader& header) {
  if (starts_alike(bytes, kLineStart)) {
    return bytes.size() < kLineStart.size() ? HeaderStatus::NeedMore
                                            : read_version_1(bytes, header);
  }
  if (starts_alike(bytes, kSignature)) return read_version_2(bytes, header);
  return HeaderStatus::Invalid;
}

bool is_inside(const SocketAddress& address, const std::vector<std::string>& networks) {
  const std::string_view bytes = address_bytes(address);
  return std::any_of(networks.begin(), networks.end(),
                     [&](const std::string& network) { return contains(network, bytes); });
}

}  // namespace pgconcord::net
