#include "proxy/net/tls_engine.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

#include "proxy/net/tls_certificate.h"

namespace pgconcord::net {
namespace {

// The largest plaintext of one record: more small pieces than that are gathered into records.
constexpr std::size_t kRecord = 16 * 1024;

}  // namespace

// OpenSSL's view of the engine's bytes. Not BIO_s_mem: that copies the input and never gives memory
// back, which idle sessions would keep.
struct TlsBytes {
  static TlsEngine& engine(BIO* bio) { return *static_cast<TlsEngine*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, std::size_t size, std::size_t* done) {
    std::string_view& input = engine(bio).input_;
    BIO_clear_retry_flags(bio);
    *done = std::min(size, input.size());
    if (*done == 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::memcpy(into, input.data(), *done);
    input.remove_prefix(*done);
    return 1;
  }

  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* done) {
    engine(bio).output_.append(from, size);
    *done = size;
    return 1;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    struct Free {
      void operator()(BIO_METHOD* made) const { BIO_meth_free(made); }
    };
    static const std::unique_ptr<BIO_METHOD, Free> made = [] {
      std::unique_ptr<BIO_METHOD, Free> fresh(
          BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "engine"));
      BIO_meth_set_read_ex(fresh.get(), &TlsBytes::read);
      BIO_meth_set_write_ex(fresh.get(), &TlsBytes::write);
      BIO_meth_set_ctrl(fresh.get(), &TlsBytes::control);
      return fresh;
    }();
    return made.get();
  }
};

void TlsEngine::FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

TlsEngine::TlsEngine(Entry entry, std::string own_end_point)
    : own_end_point_(std::move(own_end_point)), entry_(entry) {}
TlsEngine::~TlsEngine() = default;

bool TlsEngine::attach(ssl_ctx_st* context) {
  ssl_.reset(SSL_new(context));
  BIO* bio = ssl_ ? BIO_new(TlsBytes::method()) : nullptr;
  if (bio == nullptr) return false;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  return true;
}

std::unique_ptr<TlsEngine> TlsEngine::towards_client(const ListenerTls& material, Entry entry) {
  std::unique_ptr<TlsEngine> engine(new TlsEngine(entry, material.server_end_point));
  if (!engine->attach(material.context.get())) return nullptr;
  SSL_set_accept_state(engine->ssl_.get());
  return engine;
}

std::unique_ptr<TlsEngine> TlsEngine::towards_server(const UpstreamTls& material,
                                                     const policies::Address& address) {
  const bool direct = material.negotiation == UpstreamTls::Negotiation::Direct;
  std::unique_ptr<TlsEngine> engine(
      new TlsEngine(direct ? Entry::Direct : Entry::Negotiated, std::string()));
  if (!engine->attach(material.context.get())) return nullptr;
  SSL* ssl = engine->ssl_.get();
  SSL_set_connect_state(ssl);
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
  const char* host = address.host.c_str();
  const bool numeric = X509_VERIFY_PARAM_set1_ip_asc(expected, host) == 1;
  const bool verified = material.names == UpstreamTls::Names::Verified;
  // Set for the question alone: without verify-full no name is expected.
  if (numeric && !verified) X509_VERIFY_PARAM_set1_ip(expected, nullptr, 0);
  if (numeric) return engine;
  // SSL_set_tlsext_host_name() without its cast.
  if (SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(host)) != 1) {
    return nullptr;
  }
  if (!verified) return engine;
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(expected, host, 0) == 1 ? std::move(engine) : nullptr;
}

void TlsEngine::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return after_handshake();
  if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) fail(result);
}

void TlsEngine::after_handshake() {
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  if (entry_ == Entry::Direct && size == 0) {
    // protocol.md 1.2: without ALPN, the peer may have meant another service.
    failure_ = "direct TLS without the ALPN protocol postgresql";
    state_ = State::Failed;
    return;
  }
  state_ = State::Open;
}

void TlsEngine::fail(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_ZERO_RETURN) {
    state_ = State::Closed;
    return;
  }
  const long verified = SSL_get_verify_result(ssl_.get());
  const bool is_refusal = state_ == State::Handshaking && verified != X509_V_OK;
  failure_ = tls_error();
  if (is_refusal) failure_ += std::string(": ") + X509_verify_cert_error_string(verified);
  state_ = State::Failed;
}

std::size_t TlsEngine::read(std::span<char> into) {
  if (state_ == State::Handshaking) handshake();
  std::size_t total = 0;
  while (state_ == State::Open && total < into.size()) {
    std::size_t size = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &size);
    total += size;
    if (result == 1) continue;
    if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) break;
    fail(result);
  }
  return total;
}

// Small pieces share a record, large ones are encrypted where they lie.
void TlsEngine::write(const session::Outbox& outbox) {
  if (state_ != State::Open && state_ != State::Closed) return;
  std::string gathered;
  for (std::size_t i = 0; i < outbox.piece_count(); ++i) {
    const std::string_view piece = outbox.piece(i);
    if (outbox.piece_count() == 1 || (gathered.empty() && piece.size() >= kRecord)) {
      write_piece(piece);
      continue;
    }
    gathered.append(piece);
    if (gathered.size() < kRecord) continue;
    write_piece(gathered);
    gathered.clear();
  }
  if (!gathered.empty()) write_piece(gathered);
}

// The BIO takes everything, so that one call does.
void TlsEngine::write_piece(std::string_view plain) {
  std::size_t written = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written);
  if (result != 1) fail(result);
}

void TlsEngine::finish() {
  if (state_ == State::Open || state_ == State::Closed) SSL_shutdown(ssl_.get());
}

session::LegTls TlsEngine::facts() const {
  session::LegTls facts;
  struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  const std::unique_ptr<X509, FreeCertificate> peer(SSL_get1_peer_certificate(ssl_.get()));
  facts.peer_showed_certificate = peer != nullptr;
  if (SSL_is_server(ssl_.get()) == 1) {
    facts.server_end_point = own_end_point_;
  } else if (peer) {
    facts.server_end_point = server_end_point(peer.get());
  }
  return facts;
}

}  // namespace pgconcord::net
