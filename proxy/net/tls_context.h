// Certificates, keys and authorities of both legs, loaded whole or not at all and never changed: a
// reload makes new ones, and connections keep those they began with.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "policies/config.h"
#include "policies/load.h"
#include "proxy/session/leg.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace pgconcord::net {

struct FreeTlsContext {
  void operator()(ssl_ctx_st* context) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, FreeTlsContext>;

// Towards clients: one per listener, in the order of the configuration.
struct ListenerTls {
  session::ClientAccess access;
  TlsContext context;            // null: no TLS here
  std::string server_end_point;  // of our certificate (session::LegTls)
};

// Towards the server, as `sslmode` and `sslnegotiation` in libpq.
struct UpstreamTls {
  enum class Need : std::uint8_t { None, Preferred, Required };
  enum class Negotiation : std::uint8_t { Postgres, Direct };
  enum class Names : std::uint8_t { Ignored, Verified };
  Need need = Need::None;
  Negotiation negotiation = Negotiation::Postgres;
  Names names = Names::Ignored;
  TlsContext context;  // null: no TLS
};

struct TlsMaterial {
  std::vector<ListenerTls> listeners;
  UpstreamTls upstream;
  std::vector<std::string> warnings;  // for the log: a certificate that has expired, a key that
                                      // others may read
};
using TlsRef = std::shared_ptr<const TlsMaterial>;

// Every file that cannot be used, as an error of the configuration.
[[nodiscard]] tl::expected<TlsRef, policies::ConfigErrors> load_tls(const policies::Config& config);

// The material in force. Any thread; asked once per connection.
class TlsStore {
 public:
  TlsRef current() const {
    const std::lock_guard lock(mutex_);
    return material_;
  }
  void replace(TlsRef material) {
    const std::lock_guard lock(mutex_);
    material_.swap(material);
  }

 private:
  mutable std::mutex mutex_;
  TlsRef material_ = std::make_shared<const TlsMaterial>();
};

}  // namespace pgconcord::net
