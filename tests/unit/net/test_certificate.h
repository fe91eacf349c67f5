// A self-signed certificate in two PEM files, made by the test that needs it.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

namespace pgconcord::net {

struct TestCertificate {
  // `names` as in openssl's subjectAltName. `digest` null: the key's own (Ed25519).
  explicit TestCertificate(const std::string& names, const EVP_MD* digest = EVP_sha256(),
                           const char* kind = "EC") {
    const std::string base = testing::TempDir() + "tls." + std::to_string(::getpid()) + "." +
                             std::to_string(++counter());
    cert = base + ".crt";
    key = base + ".key";
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(
        std::string(kind) == "EC" ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(nullptr, nullptr, kind),
        &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    X509* certificate = made.get();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, pair.get());
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    EXPECT_GT(X509_sign(certificate, pair.get(), digest), 0);
    FILE* file = std::fopen(cert.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(key.c_str(), "w");
    PEM_write_PrivateKey(file, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
  }
  ~TestCertificate() {
    ::unlink(cert.c_str());
    ::unlink(key.c_str());
  }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  // The certificate hashed, by itself.
  std::string hash(const EVP_MD* digest) const {
    FILE* file = std::fopen(cert.c_str(), "r");
    const std::unique_ptr<X509, decltype(&X509_free)> read(
        PEM_read_X509(file, nullptr, nullptr, nullptr), &X509_free);
    std::fclose(file);
    unsigned char bytes[EVP_MAX_MD_SIZE];  // NOLINT(modernize-avoid-c-arrays)
    unsigned size = 0;
    X509_digest(read.get(), digest, bytes, &size);
    return {reinterpret_cast<const char*>(bytes), size};
  }

  std::string cert, key;

 private:
  static int& counter() {
    static int count = 0;
    return count;
  }
};

}  // namespace pgconcord::net
