#include "proxy/crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>

namespace pgconcord::crypto {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(char* text) { return reinterpret_cast<unsigned char*>(text); }

// libcrypto fails here only when memory is exhausted or SHA-256 is missing: no peer can cause it,
// and going on would compare against zeros.
void require(bool done) {
  if (!done) std::abort();
}

}  // namespace

Digest::~Digest() { OPENSSL_cleanse(bytes_.data(), kSize); }

Digest Digest::of_bytes(std::string_view bytes) {
  Digest digest;
  if (bytes.size() == kSize) bytes.copy(digest.bytes_.data(), kSize);
  return digest;
}

Digest operator^(const Digest& a, const Digest& b) {
  Digest result;
  for (std::size_t i = 0; i < Digest::kSize; ++i) {
    result.bytes_[i] = static_cast<char>(a.bytes_[i] ^ b.bytes_[i]);
  }
  return result;
}

bool operator==(const Digest& a, const Digest& b) { return equal(a.view(), b.view()); }

Digest sha256(std::string_view text) {
  Digest digest;
  require(EVP_Digest(text.data(), text.size(), bytes_of(digest.data()), nullptr, EVP_sha256(),
                     nullptr) == 1);
  return digest;
}

Digest hmac_sha256(const Digest& key, std::string_view text) {
  Digest digest;
  unsigned int size = Digest::kSize;
  require(HMAC(EVP_sha256(), key.view().data(), Digest::kSize, bytes_of(text), text.size(),
               bytes_of(digest.data()), &size) != nullptr);
  return digest;
}

bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(bytes_of(bytes.data()), static_cast<int>(count)) != 1) bytes.clear();
  return bytes;
}

}  // namespace pgconcord::crypto
