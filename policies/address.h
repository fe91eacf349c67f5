// Where to connect to as users of libpq write it: URLs of one or several hosts, host:port, socket
// paths, PGHOST and friends. parse_address() for the configuration file is in load.h.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "policies/config.h"

namespace pgconcord::policies {

// What a URL or the environment says; what it does not say stays as it was. A password is dropped
// unread: the proxy has no use for it.
struct UpstreamTarget {
  std::vector<Address> addresses;
  std::string user;
  std::string database;
  std::optional<std::string> tls_mode;  // sslmode
  std::optional<std::string> tls_ca, tls_cert, tls_key, tls_negotiation;
  std::optional<std::string> target_session_attrs;
  std::optional<Milliseconds> connect_timeout;

  // Replaces the settings that are given here.
  void apply_to(Upstream& upstream) const;
};

// `postgres://[user[:password]@][host[:port],...][/database][?sslmode=...]`, `postgresql://`,
// `host`, `host:port`, `a:5432,b:5432`, `/dir`, `unix:/dir/.s.PGSQL.5432`. The error is one
// sentence and never holds anything of a password.
[[nodiscard]] tl::expected<UpstreamTarget, std::string> parse_upstream(std::string_view text);

// nullptr when the variable is not set, as getenv().
using Environment = std::function<const char*(const char*)>;

// DATABASE_URL, else PGHOST, PGHOSTADDR, PGPORT, PGSSLMODE, PGTARGETSESSIONATTRS, PGCONNECT_TIMEOUT
// and the other PGSSL* variables. No address when none of them names one. The error names the
// variable.
[[nodiscard]] tl::expected<UpstreamTarget, std::string> upstream_from_environment(
    const Environment& environment);

}  // namespace pgconcord::policies
