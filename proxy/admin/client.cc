#include "proxy/admin/client.h"

#include <httplib.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

namespace pgconcord::admin {
namespace {

using std::chrono::seconds;

constexpr seconds kConnectTimeout{3};
// A change waits for every worker.
constexpr seconds kReadTimeout{15};
// Thousands of series are a few hundred kB; whoever sends more is not pgconcord.
constexpr std::size_t kBodyMax = 64UL * 1024 * 1024;

tl::unexpected<std::string> refused(std::string_view why) {
  return tl::unexpected("the admin URL " + std::string(why) +
                        "; it looks like http://127.0.0.1:9732");
}

std::optional<std::uint16_t> port_number(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return {};
  return port;
}

// Where the host ends: behind the brackets of an IPv6 address, else at the only colon.
std::size_t host_end(std::string_view authority) {
  if (!authority.starts_with('[')) return std::min(authority.find(':'), authority.size());
  const std::size_t bracket = authority.find(']');
  return bracket == std::string_view::npos ? 0 : bracket + 1;
}

std::string explained(httplib::Error error, std::string_view url) {
  const std::string name(url);
  if (error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout) {
    return "cannot connect to " + name + ": is pgconcord running, with this admin.address?";
  }
  if (error == httplib::Error::Canceled) return name + " sent more than a pgconcord would";
  return name + " did not answer as an HTTP server does (" + httplib::to_string(error) + ")";
}

}  // namespace

tl::expected<Endpoint, std::string> parse_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with(kScheme)) url.remove_prefix(kScheme.size());
  if (url.find("://") != std::string_view::npos) return refused("must begin with http://");
  if (url.find('@') != std::string_view::npos) return refused("must not hold a user or password");
  if (url.ends_with('/')) url.remove_suffix(1);
  if (url.find_first_of("/?# ") != std::string_view::npos) return refused("must not have a path");

  const std::size_t end = host_end(url);
  std::string_view host = url.substr(0, end);
  const std::string_view rest = url.substr(end);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return refused("names no host");
  if (rest.empty()) return Endpoint{std::string(host), kDefaultPort};
  const auto port = rest.starts_with(':') ? port_number(rest.substr(1)) : std::nullopt;
  if (!port) return refused("has no valid port");
  return Endpoint{std::string(host), *port};
}

namespace {

tl::expected<Reply, std::string> ask(std::string_view url, httplib::Request request) {
  const auto endpoint = parse_url(url);
  if (!endpoint) return tl::unexpected(endpoint.error());
  httplib::Client client(endpoint->host, endpoint->port);
  client.set_connection_timeout(kConnectTimeout);
  client.set_read_timeout(kReadTimeout);

  std::string body;
  request.content_receiver = [&body](const char* data, std::size_t size, std::uint64_t,
                                     std::uint64_t) {
    if (body.size() + size > kBodyMax) return false;
    body.append(data, size);
    return true;
  };
  const httplib::Result result = client.send(request);
  if (!result) return tl::unexpected(explained(result.error(), url));
  return Reply{result->status, std::move(body)};
}

}  // namespace

tl::expected<Reply, std::string> get(std::string_view url, const std::string& path) {
  httplib::Request request;
  request.method = "GET";
  request.path = path;
  return ask(url, std::move(request));
}

tl::expected<Reply, std::string> post(std::string_view url, const std::string& path,
                                      const std::string& token) {
  httplib::Request request;
  request.method = "POST";
  request.path = path;
  if (!token.empty()) request.set_header("Authorization", "Bearer " + token);
  return ask(url, std::move(request));
}

}  // namespace pgconcord::admin
