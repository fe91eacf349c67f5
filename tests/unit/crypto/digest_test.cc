#include "proxy/crypto/digest.h"

#include <gtest/gtest.h>

namespace pgconcord::crypto {
namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

TEST(Digest, IsSha256) {
  EXPECT_EQ(hex(sha256("abc").view()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, IsHmacSha256) {
  // RFC 4231 test case 1; its key of 20 bytes ends in zeros, as a shorter key is padded anyway.
  const Digest key = Digest::of_bytes(std::string(20, '\x0b') + std::string(12, '\0'));
  EXPECT_EQ(hex(hmac_sha256(key, "Hi There").view()),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

TEST(Digest, OfBytesWantsAllOfThem) {
  EXPECT_EQ(Digest::of_bytes(std::string(31, 'x')).view(), std::string(32, '\0'));
  EXPECT_EQ(Digest::of_bytes(std::string(32, 'x')).view(), std::string(32, 'x'));
}

TEST(Digest, XorUndoesItself) {
  const Digest a = sha256("a");
  const Digest b = sha256("b");
  EXPECT_TRUE((a ^ b ^ b) == a);
  EXPECT_FALSE((a ^ b) == a);
}

TEST(Equal, ComparesLengthAndEveryByte) {
  EXPECT_TRUE(equal("abc", "abc"));
  EXPECT_FALSE(equal("abc", "abd"));
  EXPECT_FALSE(equal("abc", "ab"));
  EXPECT_TRUE(equal("", ""));
}

TEST(RandomBytes, AreAsManyAsAskedForAndDiffer) {
  EXPECT_EQ(random_bytes(18).size(), 18U);
  EXPECT_NE(random_bytes(18), random_bytes(18));
}

}  // namespace
}  // namespace pgconcord::crypto
