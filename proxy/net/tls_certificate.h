// What the proxy asks of a certificate.
#pragma once

#include <string>

struct x509_st;  // OpenSSL's X509

namespace pgconcord::net {

// RFC 5929 tls-server-end-point: the certificate hashed with its signature's digest, SHA-256 in
// place of MD5 and SHA-1. Empty where the signature has no digest (Ed25519; protocol.md 2.6).
std::string server_end_point(const x509_st* certificate);

bool has_expired(const x509_st* certificate);

// The reason of the latest OpenSSL failure of this thread; empties the queue.
std::string tls_error();

}  // namespace pgconcord::net
