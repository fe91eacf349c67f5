// libpq's ways to name a server ("Connection URIs" and "Environment Variables" in the manual), as
// far as a proxy needs them.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "policies/address.h"
#include "policies/load.h"

namespace pgconcord::policies {
namespace {

using Failure = tl::unexpected<std::string>;
using Target = tl::expected<UpstreamTarget, std::string>;

constexpr std::string_view kDefaultPort = "5432";
constexpr std::string_view kDefaultHost = "127.0.0.1";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = text.find(separator); at != std::string_view::npos;
       at = text.find(separator)) {
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  parts.push_back(text);
  return parts;
}

int hex_digit(char each) {
  if (each >= '0' && each <= '9') return each - '0';
  if (each >= 'a' && each <= 'f') return each - 'a' + 10;
  if (each >= 'A' && each <= 'F') return each - 'A' + 10;
  return -1;
}

tl::expected<std::string, std::string> percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] != '%') {
      result += text[index];
      continue;
    }
    const int high = index + 2 < text.size() ? hex_digit(text[index + 1]) : -1;
    const int low = high < 0 ? -1 : hex_digit(text[index + 2]);
    if (low < 0 || high * 16 + low == 0) return Failure("invalid percent-encoding in the URL");
    result += static_cast<char>(high * 16 + low);
    index += 2;
  }
  return result;
}

// A directory is where the server puts its socket: libpq appends the name.
std::string socket_path(std::string_view path, std::string_view port) {
  const std::size_t slash = path.rfind('/');
  if (path.substr(slash + 1).substr(0, 9) == ".s.PGSQL.") return std::string(path);
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return std::string(path).append("/.s.PGSQL.").append(port);
}

// One host as libpq takes it: a name, an IPv4 or IPv6 address with or without brackets, or a
// directory.
tl::expected<Address, std::string> address_of(std::string_view host, std::string_view port) {
  if (port.empty()) port = kDefaultPort;
  if (host.empty()) host = kDefaultHost;
  std::string text;
  if (host.front() == '/') {
    text = "unix:" + socket_path(host, port);
  } else if (host.front() != '[' && host.find(':') != std::string_view::npos) {
    text = std::string("[").append(host).append("]:").append(port);
  } else {
    text = std::string(host).append(":").append(port);
  }
  auto address = parse_address(text);
  if (address && address->unix_path.empty() && address->port == 0) {
    return Failure("a server's port is 1 to 65535");
  }
  return address;
}

// `host:port`, `[::1]:port`, `host`, `/dir`, `unix:/path`.
tl::expected<Address, std::string> address_of_part(std::string_view part) {
  if (part.substr(0, 5) == "unix:") return parse_address(part);
  if (!part.empty() && part.front() == '/') return address_of(part, "");
  const std::size_t bracket = part.find(']');
  const std::size_t colon = part.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return address_of(part, "");
  if (colon + 1 == part.size()) return Failure("a server's port is 1 to 65535");
  if (part.find(':', colon + 1) != std::string_view::npos) return parse_address(part);
  return address_of(part.substr(0, colon), part.substr(colon + 1));
}

tl::expected<void, std::string> set_word(std::optional<std::string>& to, std::string_view value,
                                         const std::vector<std::string_view>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
    return Failure("unknown value");
  }
  to = std::string(value);
  return {};
}

tl::expected<void, std::string> set_timeout(UpstreamTarget& target, std::string_view value) {
  std::uint32_t seconds = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, seconds);
  if (error != std::errc() || stop != end || seconds > 3600) {
    return Failure("not a number of seconds up to 3600");
  }
  // As in libpq, 0 means no limit of the user's: the configured one stays.
  if (seconds > 0) target.connect_timeout = Milliseconds(seconds * 1000ULL);
  return {};
}

// libpq's keywords that concern a proxy; others belong to the client that comes through it.
tl::expected<void, std::string> set_parameter(UpstreamTarget& target, std::string_view name,
                                              std::string_view value) {
  if (name == "sslmode") {
    if (value == "allow") return Failure("`allow` is not supported: use `prefer`");
    return set_word(target.tls_mode, value,
                    {"disable", "prefer", "require", "verify-ca", "verify-full"});
  }
  if (name == "target_session_attrs") {
    return set_word(target.target_session_attrs, value,
                    {"any", "read-write", "read-only", "primary", "standby"});
  }
  if (name == "sslnegotiation") {
    return set_word(target.tls_negotiation, value, {"postgres", "direct"});
  }
  if (name == "connect_timeout") return set_timeout(target, value);
  if (name == "sslrootcert") target.tls_ca = std::string(value);
  if (name == "sslcert") target.tls_cert = std::string(value);
  if (name == "sslkey") target.tls_key = std::string(value);
  if (name == "user") target.user = std::string(value);
  if (name == "dbname") target.database = std::string(value);
  return {};
}

// As in libpq: one port for all hosts, or one for each.
tl::expected<void, std::string> set_hosts(UpstreamTarget& target, std::string_view hosts,
                                          std::string_view ports) {
  const auto host_list = split(hosts, ',');
  const auto port_list = split(ports, ',');
  if (port_list.size() != 1 && port_list.size() != host_list.size()) {
    return Failure("as many ports as hosts are needed, or one for all");
  }
  for (std::size_t index = 0; index < host_list.size(); ++index) {
    const auto address =
        address_of(host_list[index], port_list.size() == 1 ? port_list[0] : port_list[index]);
    if (!address) return Failure(address.error());
    target.addresses.push_back(*address);
  }
  return {};
}

tl::expected<void, std::string> read_query(UpstreamTarget& target, std::string_view query) {
  std::string host;
  std::string port;
  for (const std::string_view pair : split(query, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return Failure("URL parameter without `=`");
    const std::string_view name = pair.substr(0, equals);
    const auto value = percent_decoded(pair.substr(equals + 1));
    if (!value) return Failure(value.error());
    if (name == "host" || name == "hostaddr") host = *value;
    if (name == "port") port = *value;
    if (auto set = set_parameter(target, name, *value); !set) {
      return Failure(std::string(name) + ": " + set.error());
    }
  }
  if (host.empty()) return {};
  target.addresses.clear();
  return set_hosts(target, host, port);
}

tl::expected<void, std::string> read_host_list(UpstreamTarget& target, std::string_view hosts) {
  for (const std::string_view part : split(hosts, ',')) {
    const auto decoded = percent_decoded(part);
    if (!decoded) return Failure(decoded.error());
    // An encoded slash starts a directory, whose port stands behind a plain colon.
    const std::size_t colon = part.rfind(':');
    const bool directory = !decoded->empty() && decoded->front() == '/';
    auto address = directory && colon != std::string_view::npos
                       ? address_of(decoded->substr(0, decoded->rfind(':')), part.substr(colon + 1))
                       : address_of_part(*decoded);
    if (!address) return Failure(address.error());
    target.addresses.push_back(*std::move(address));
  }
  return {};
}

Target parse_url(std::string_view rest) {
  UpstreamTarget target;
  std::string_view query;
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  const std::size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  const std::size_t sign = authority.rfind('@');
  if (sign != std::string_view::npos) {
    const std::string_view credentials = authority.substr(0, sign);
    const auto user = percent_decoded(credentials.substr(0, credentials.find(':')));
    if (!user) return Failure(user.error());
    target.user = *user;
  }
  if (slash != std::string_view::npos) {
    const auto database = percent_decoded(rest.substr(slash + 1));
    if (!database) return Failure(database.error());
    target.database = *database;
  }
  const std::size_t hosts = sign == std::string_view::npos ? 0 : sign + 1;
  // The error itself might quote a part of a password that holds a bare `/`.
  if (!read_host_list(target, authority.substr(hosts))) {
    return Failure(
        "the URL has no valid host:port (in user and password, write / ? # @ : as %2F %3F %23 %40 "
        "%3A)");
  }
  if (auto read = read_query(target, query); !read) return Failure(read.error());
  return target;
}

struct Variable {
  const char* name;
  std::string_view parameter;
};

constexpr std::array<Variable, 9> kVariables{{{"PGSSLMODE", "sslmode"},
                                              {"PGSSLROOTCERT", "sslrootcert"},
                                              {"PGSSLCERT", "sslcert"},
                                              {"PGSSLKEY", "sslkey"},
                                              {"PGSSLNEGOTIATION", "sslnegotiation"},
                                              {"PGTARGETSESSIONATTRS", "target_session_attrs"},
                                              {"PGCONNECT_TIMEOUT", "connect_timeout"},
                                              {"PGUSER", "user"},
                                              {"PGDATABASE", "dbname"}}};

std::string_view value_of(const Environment& environment, const char* name) {
  const char* value = environment(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

void UpstreamTarget::apply_to(Upstream& upstream) const {
  if (!addresses.empty()) upstream.addresses = addresses;
  if (tls_mode) upstream.tls.mode = *tls_mode;
  if (tls_ca) upstream.tls.ca = *tls_ca;
  if (tls_cert) upstream.tls.cert = *tls_cert;
  if (tls_key) upstream.tls.key = *tls_key;
  if (tls_negotiation) upstream.tls.negotiation = *tls_negotiation;
  if (target_session_attrs) upstream.target_session_attrs = *target_session_attrs;
  if (connect_timeout) upstream.connect_timeout = *connect_timeout;
}

Target parse_upstream(std::string_view text) {
  if (text.empty()) return Failure("empty address");
  for (const std::string_view scheme : {"postgres://", "postgresql://"}) {
    if (text.substr(0, scheme.size()) == scheme) return parse_url(text.substr(scheme.size()));
  }
  if (text.find("://") != std::string_view::npos) {
    return Failure("unknown URL scheme: use postgres:// or postgresql://");
  }
  UpstreamTarget target;
  for (const std::string_view part : split(text, ',')) {
    const auto address = address_of_part(part);
    if (!address) return Failure(address.error());
    target.addresses.push_back(*address);
  }
  return target;
}

Target upstream_from_environment(const Environment& environment) {
  UpstreamTarget target;
  if (const auto url = value_of(environment, "DATABASE_URL"); !url.empty()) {
    auto parsed = parse_upstream(url);
    if (!parsed) return Failure("DATABASE_URL: " + parsed.error());
    return parsed;
  }
  for (const Variable& each : kVariables) {
    const std::string_view value = value_of(environment, each.name);
    if (value.empty()) continue;
    if (auto set = set_parameter(target, each.parameter, value); !set) {
      return Failure(std::string(each.name) + ": " + set.error());
    }
  }
  std::string_view host = value_of(environment, "PGHOSTADDR");
  if (host.empty()) host = value_of(environment, "PGHOST");
  const std::string_view port = value_of(environment, "PGPORT");
  if (host.empty() && port.empty()) return target;
  if (auto set = set_hosts(target, host, port); !set)
    return Failure("PGHOST/PGPORT: " + set.error());
  return target;
}

}  // namespace pgconcord::policies
