#include "proxy/net/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "proxy/net/tls_certificate.h"

namespace pgconcord::net {
namespace {

// ALPN's name of the protocol with its length in front, as on the wire (protocol.md 1.2, 1.3).
constexpr std::string_view kAlpn = "\x0apostgresql";

const unsigned char* alpn_bytes() { return reinterpret_cast<const unsigned char*>(kAlpn.data()); }

// Loads one leg's files and collects what is wrong with them.
class Loader {
 public:
  Loader(std::string file, std::uint32_t line, std::string section)
      : file_(std::move(file)), line_(line), section_(std::move(section)) {}

  void load_identity(SSL_CTX* context, const std::string& cert, const std::string& key);
  void load_authorities(SSL_CTX* context, std::string_view setting, const std::string& path);
  void refuse(std::string_view setting, std::string message, std::string help);

  policies::ConfigErrors errors;
  std::vector<std::string> warnings;

 private:
  bool can_read(std::string_view setting, const std::string& path);
  void look_at_key_file(const std::string& path);

  std::string file_;
  std::uint32_t line_;
  std::string section_;
};

void Loader::refuse(std::string_view setting, std::string message, std::string help) {
  policies::ConfigError error;
  error.file = file_;
  error.line = line_;
  error.path = section_ + std::string(setting);
  error.message = error.path + ": " + std::move(message);
  error.help = std::move(help);
  errors.push_back(std::move(error));
}

bool Loader::can_read(std::string_view setting, const std::string& path) {
  struct stat facts {};
  errno = 0;
  const bool is_folder = ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
  const std::ifstream file(path);
  if (file && !is_folder) return true;
  refuse(setting, path + " cannot be read: " + std::strerror(is_folder ? EISDIR : errno),
         "name a PEM file that the user of the proxy may read");
  return false;
}

// protocol.md 8.10. Not refused: Kubernetes gives secrets to everyone in their own container.
void Loader::look_at_key_file(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || (facts.st_mode & S_IRWXO) == 0) return;
  warnings.push_back(section_ + "key: " + path + " may be read by every user of this machine");
}

void Loader::load_identity(SSL_CTX* context, const std::string& cert, const std::string& key) {
  const bool has_cert = can_read("cert", cert);
  const bool has_key = can_read("key", key);
  if (!has_cert || !has_key) return;
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, cert.c_str()) != 1) {
    return refuse("cert", cert + " holds no certificate that can be used: " + tls_error(),
                  "write the certificate first and its intermediates after it, in PEM");
  }
  if (has_expired(SSL_CTX_get0_certificate(context))) {
    warnings.push_back(section_ + "cert: " + cert + " has expired");
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1) {
    return look_at_key_file(key);
  }
  const bool mismatch = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
                        ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH;
  const std::string reason = tls_error();
  if (mismatch) {
    return refuse("key", key + " is not the key of the certificate in " + cert,
                  "write both files of one pair");
  }
  refuse("key", key + " holds no private key that can be used: " + reason,
         "write the key in PEM, without a passphrase");
}

void Loader::load_authorities(SSL_CTX* context, std::string_view setting, const std::string& path) {
  if (!can_read(setting, path)) return;
  ERR_clear_error();
  if (SSL_CTX_load_verify_locations(context, path.c_str(), nullptr) == 1) return;
  refuse(setting, path + " holds no certificates: " + tls_error(),
         "write the authorities' certificates in PEM");
}

// What OpenSSL would ask a terminal for.
int no_passphrase(char*, int, int, void*) { return 0; }

TlsContext make_context(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method));
  if (!context) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // As PostgreSQL: no renegotiation, no compression, and no sessions to come back to.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  // Idle sessions keep no record buffers.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_passwd_cb(context.get(), &no_passphrase);
  return context;
}

// Clients that offer ALPN without our name speak something else; those that offer none are old.
int select_alpn(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                unsigned offered_size, void*) {
  unsigned char* selected = nullptr;
  const int found =
      SSL_select_next_proto(&selected, size, alpn_bytes(), kAlpn.size(), offered, offered_size);
  *out = selected;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

ListenerTls load_listener(const policies::ListenTls& settings, Loader& loader) {
  ListenerTls tls;
  if (settings.mode == "disable") return tls;
  tls.access.tls =
      settings.mode == "require" ? session::TlsOffer::Required : session::TlsOffer::Optional;
  tls.context = make_context(TLS_server_method());
  if (!tls.context) {
    loader.refuse("mode", "OpenSSL gives no TLS: " + tls_error(), "");
    return tls;
  }
  SSL_CTX* context = tls.context.get();
  SSL_CTX_set_alpn_select_cb(context, &select_alpn, nullptr);
  loader.load_identity(context, settings.cert, settings.key);
  if (const X509* own = SSL_CTX_get0_certificate(context)) {
    tls.server_end_point = server_end_point(own);
  }
  if (settings.client_ca.empty()) return tls;
  loader.load_authorities(context, "client_ca", settings.client_ca);
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(settings.client_ca.c_str()));
  // One that is missing is told in PostgreSQL's words after the start-up packet; a wrong one fails
  // here.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  tls.access.certificate = session::ClientCertificate::Required;
  return tls;
}

void load_server_authorities(SSL_CTX* context, const policies::UpstreamTls& settings,
                             Loader& loader) {
  const bool named = !settings.ca.empty() && settings.ca != "system";
  // As in libpq: authorities that are named are asked, whatever the mode.
  if (!named && settings.mode != "verify-ca" && settings.mode != "verify-full") return;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (named) {
    loader.load_authorities(context, "ca", settings.ca);
  } else if (SSL_CTX_set_default_verify_paths(context) != 1) {
    loader.refuse("ca", "the system's authorities cannot be read: " + tls_error(),
                  "name a file of authorities");
  }
}

UpstreamTls load_upstream(const policies::UpstreamTls& settings, Loader& loader) {
  UpstreamTls tls;
  if (settings.mode == "disable") return tls;
  tls.need = settings.mode == "prefer" ? UpstreamTls::Need::Preferred : UpstreamTls::Need::Required;
  if (settings.negotiation == "direct") tls.negotiation = UpstreamTls::Negotiation::Direct;
  if (settings.mode == "verify-full") tls.names = UpstreamTls::Names::Verified;
  tls.context = make_context(TLS_client_method());
  if (!tls.context) {
    loader.refuse("mode", "OpenSSL gives no TLS: " + tls_error(), "");
    return tls;
  }
  SSL_CTX* context = tls.context.get();
  SSL_CTX_set_alpn_protos(context, alpn_bytes(), kAlpn.size());
  load_server_authorities(context, settings, loader);
  if (!settings.cert.empty()) loader.load_identity(context, settings.cert, settings.key);
  return tls;
}

void collect(Loader& loader, TlsMaterial& material, policies::ConfigErrors& errors) {
  std::move(loader.errors.begin(), loader.errors.end(), std::back_inserter(errors));
  std::move(loader.warnings.begin(), loader.warnings.end(), std::back_inserter(material.warnings));
}

}  // namespace

void FreeTlsContext::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

tl::expected<TlsRef, policies::ConfigErrors> load_tls(const policies::Config& config) {
  auto material = std::make_shared<TlsMaterial>();
  policies::ConfigErrors errors;
  for (std::size_t index = 0; index < config.listeners.size(); ++index) {
    const policies::ListenTls& settings = config.listeners[index].tls;
    Loader loader(config.file, settings.line, "listen[" + std::to_string(index) + "].tls.");
    material->listeners.push_back(load_listener(settings, loader));
    collect(loader, *material, errors);
  }
  Loader loader(config.file, config.upstream.tls.line, "upstream.tls.");
  material->upstream = load_upstream(config.upstream.tls, loader);
  collect(loader, *material, errors);
  ERR_clear_error();
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return material;
}

}  // namespace pgconcord::net
