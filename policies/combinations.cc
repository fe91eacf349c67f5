#include "policies/combinations.h"

#include <algorithm>

namespace pgconcord::policies {
namespace {

bool offers_tls(const Config& config) {
  return std::any_of(config.listeners.begin(), config.listeners.end(),
                     [](const Listener& each) { return each.tls.mode != "disable"; });
}

// A unix socket has no TLS, whatever the mode (as in libpq).
bool asks_server_for_tls(const Upstream& upstream) {
  return upstream.tls.mode != "disable" &&
         std::any_of(upstream.addresses.begin(), upstream.addresses.end(),
                     [](const Address& each) { return each.unix_path.empty(); });
}

// protocol.md 2.3: the client would bind its log-in to our certificate, the server compares it with
// its own. libpq does so by default, so that only some drivers would get in.
ConfigError tls_on_both_legs(const Config& config) {
  ConfigError error;
  error.file = config.file;
  error.line = config.upstream.tls.line;
  error.path = "auth.mode";
  error.message =
      "TLS on both legs cannot work with `auth.mode: passthrough`: SCRAM's channel binding "
      "compares the certificate that the client sees (listen.tls) with the server's "
      "(upstream.tls.mode: " +
      config.upstream.tls.mode + ")";
  error.help =
      "use `auth: {mode: scram}`; or TLS on one leg only, the other being a unix socket, loopback "
      "or a protected network; or give both the same certificate and write `auth: "
      "{channel_binding: same_certificate}`; or write `auth: {channel_binding: unused}` where "
      "every "
      "client connects with channel_binding=disable or logs in without SCRAM";
  return error;
}

}  // namespace

ConfigErrors impossible_combinations(const Config& config) {
  ConfigErrors errors;
  if (config.auth_mode == "passthrough" && config.channel_binding == "check" &&
      offers_tls(config) && asks_server_for_tls(config.upstream)) {
    errors.push_back(tls_on_both_legs(config));
  }
  return errors;
}

}  // namespace pgconcord::policies
