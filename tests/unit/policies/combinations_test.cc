#include "policies/combinations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgconcord::policies {
namespace {

ConfigErrors errors_of(const std::string& yaml) {
  const auto config = load_text(yaml, "test.yaml");
  EXPECT_TRUE(config.has_value()) << render(config.error());
  return config ? impossible_combinations(*config) : ConfigErrors{};
}

const std::string kClientTls = "listen: [{address: a:1, tls: {mode: allow, cert: c, key: k}}]\n";

TEST(Combinations, TlsOnBothLegsIsRefusedWithTheWaysOut) {
  for (const std::string mode : {"prefer", "require", "verify-full"}) {
    const auto errors = errors_of(kClientTls + "upstream: {tls: {mode: " + mode + "}}\n");
    ASSERT_EQ(errors.size(), 1U) << mode;
    EXPECT_EQ(errors[0].file, "test.yaml");
    EXPECT_EQ(errors[0].line, 2U);
    EXPECT_THAT(errors[0].message, testing::HasSubstr(mode));
    for (const char* way : {"auth: {mode: scram}", "one leg only", "same_certificate", "unused"}) {
      EXPECT_THAT(errors[0].help, testing::HasSubstr(way));
    }
  }
}

TEST(Combinations, TlsOnOneLegIsFine) {
  EXPECT_TRUE(errors_of(kClientTls).empty());
  EXPECT_TRUE(errors_of("upstream: {tls: {mode: verify-full}}\n").empty());
  EXPECT_TRUE(
      errors_of(kClientTls + "upstream: {address: 'unix:/s', tls: {mode: require}}\n").empty())
      << "a unix socket has no TLS";
}

TEST(Combinations, TlsOnBothLegsIsFineWhereItIsSaidWhy) {
  const std::string both = kClientTls + "upstream: {tls: {mode: require}}\n";
  EXPECT_TRUE(errors_of(both + "auth: {channel_binding: unused}\n").empty());
  EXPECT_TRUE(errors_of(both + "auth: {channel_binding: same_certificate}\n").empty());
  // Of the combination nothing is said; the verifiers are still to be named.
  const auto scram = load_text(both + "auth: {mode: scram}\n", "test.yaml");
  ASSERT_FALSE(scram.has_value());
  ASSERT_EQ(scram.error().size(), 1U);
  EXPECT_EQ(scram.error()[0].message, "`mode: scram` needs the users' verifiers");
}

}  // namespace
}  // namespace pgconcord::policies
