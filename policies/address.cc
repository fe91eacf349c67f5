// Socket addresses of the configuration file. Names are not resolved here.
#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "policies/load.h"
#include "policies/source_text.h"

namespace pgconcord::policies {
namespace {

using Parsed = tl::expected<Address, std::string>;

constexpr std::string_view kUnixPrefix = "unix:";
// sizeof(sockaddr_un::sun_path) - 1
constexpr std::size_t kUnixPathMax = 107;
constexpr std::size_t kHostMax = 253;

constexpr std::string_view kForms = "write host:port, [ipv6]:port or unix:/path";

bool is_alphanumeric(char each) {
  return (each >= '0' && each <= '9') || (each >= 'a' && each <= 'z') ||
         (each >= 'A' && each <= 'Z');
}

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kHostMax &&
         std::all_of(host.begin(), host.end(), [](char each) {
           return is_alphanumeric(each) || each == '-' || each == '.' || each == '_';
         });
}

// With a zone: fe80::1%eth0.
bool is_ipv6(std::string_view host) {
  return host.size() <= kHostMax && std::count(host.begin(), host.end(), ':') >= 2 &&
         std::all_of(host.begin(), host.end(), [](char each) {
           return is_alphanumeric(each) || each == ':' || each == '.' || each == '%';
         });
}

std::string wrong(std::string_view text, std::string_view why) {
  return quoted_in_message(text).append(" ").append(why);
}

Parsed unix_address(std::string_view text) {
  const std::string_view path = text.substr(kUnixPrefix.size());
  if (path.empty() || path.front() != '/' || path.back() == '/') {
    return tl::unexpected(wrong(text, "needs the full path of a socket: unix:/dir/.s.PGSQL.5432"));
  }
  if (path.size() > kUnixPathMax) {
    return tl::unexpected(wrong(text, "is longer than the 107 bytes a socket path may have"));
  }
  return Address{"", 0, std::string(path), std::string(text)};
}

tl::expected<std::uint16_t, std::string> port_of(std::string_view text, std::string_view digits) {
  unsigned port = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, port);
  if (digits.empty() || stop != end || error == std::errc::invalid_argument) {
    return tl::unexpected(wrong(text, "has no number as port: ").append(kForms));
  }
  if (error != std::errc() || port > 65535) {
    return tl::unexpected(wrong(text, "has a port above 65535"));
  }
  return static_cast<std::uint16_t>(port);
}

}  // namespace

tl::expected<Address, std::string> parse_address(std::string_view text) {
  if (text.empty()) return tl::unexpected(std::string("empty address: ").append(kForms));
  if (text.substr(0, kUnixPrefix.size()) == kUnixPrefix) return unix_address(text);
  if (text.front() == '/') {
    return tl::unexpected(wrong(text, "needs a prefix: unix:").append(printable(text)));
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.back() == ']') {
    return tl::unexpected(wrong(text, "has no port: ").append(kForms));
  }
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 1 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return tl::unexpected(wrong(text, "needs brackets around its IPv6 address: [::1]:5432"));
  }
  if (host.empty()) {
    return tl::unexpected(wrong(text, "has no host: write 0.0.0.0 or [::] for every interface"));
  }
  if (bracketed ? !is_ipv6(host) : !is_host(host)) {
    return tl::unexpected(wrong(text, "is no address: ").append(kForms));
  }
  const auto port = port_of(text, text.substr(colon + 1));
  if (!port) return tl::unexpected(port.error());
  return Address{std::string(host), *port, "", std::string(text)};
}

}  // namespace pgconcord::policies
