// The few cryptographic primitives of SCRAM-SHA-256 as pure functions over values; the work is
// libcrypto's. The only code beside net/ that includes OpenSSL, so that sessions stay free of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgconcord::crypto {

// SHA-256. Overwritten when it goes away: keys and proofs are digests, too.
class Digest {
 public:
  static constexpr std::size_t kSize = 32;

  Digest() = default;
  Digest(const Digest&) = default;
  Digest& operator=(const Digest&) = default;
  ~Digest();

  // Zeros unless `bytes` are exactly kSize.
  static Digest of_bytes(std::string_view bytes);
  std::string_view view() const { return {bytes_.data(), kSize}; }
  char* data() { return bytes_.data(); }

  friend Digest operator^(const Digest& a, const Digest& b);
  // In constant time.
  friend bool operator==(const Digest& a, const Digest& b);

 private:
  std::array<char, kSize> bytes_{};
};

Digest sha256(std::string_view text);
Digest hmac_sha256(const Digest& key, std::string_view text);

// In constant time for texts of one length.
bool equal(std::string_view a, std::string_view b);

// From libcrypto's generator; empty when it has no entropy.
std::string random_bytes(std::size_t count);

}  // namespace pgconcord::crypto
