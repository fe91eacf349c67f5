#include "proxy/net/tls_certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>

namespace pgconcord::net {

std::string server_end_point(const x509_st* certificate) {
  int digest = NID_undef;
  // OpenSSL's signature is not const-correct; reading does not change the certificate.
  auto* mutable_certificate = const_cast<X509*>(certificate);
  if (X509_get_signature_info(mutable_certificate, &digest, nullptr, nullptr, nullptr) == 0 ||
      digest == NID_undef) {
    return {};
  }
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* algorithm = EVP_get_digestbynid(digest);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  if (algorithm == nullptr || X509_digest(certificate, algorithm, hash.data(), &size) != 1) {
    return {};
  }
  return {reinterpret_cast<const char*>(hash.data()), size};
}

bool has_expired(const x509_st* certificate) {
  return X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
}

std::string tls_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "the connection was closed";
  // System errors have no reason string of OpenSSL's own.
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(ERR_GET_REASON(code));
}

}  // namespace pgconcord::net
