#include "policies/users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgconcord::policies {
namespace {

const std::string kStored = "V+jWVUdaSBvi2Y0J9/2AKuFtPLAfxC4Yn7wob1bt0jk=";
const std::string kServer = "ZDIm0MctjjO3zzZnKPLFZy3kVPTaXejCXvYPE5mIeNQ=";
const std::string kVerifier =
    "SCRAM-SHA-256$4096:c2FsdCBvZiAxNiBieXRlcw==$" + kStored + ":" + kServer;

std::string entry(const std::string& name) { return "\"" + name + "\" \"" + kVerifier + "\"\n"; }

std::string first_error(const std::string& text) {
  const auto users = parse_users(text, "users.txt");
  return users ? "none" : render({users.error().front()});
}

TEST(ParseVerifier, ReadsThePartsOfPostgresqlsText) {
  const auto verifier = parse_verifier(kVerifier);
  ASSERT_TRUE(verifier.has_value()) << verifier.error();
  EXPECT_EQ(verifier->iterations, 4096U);
  EXPECT_EQ(verifier->salt, "c2FsdCBvZiAxNiBieXRlcw==");
  EXPECT_EQ(verifier->stored_key, kStored);
  EXPECT_EQ(verifier->server_key, kServer);
}

TEST(ParseVerifier, RefusesDamage) {
  const std::string cut = kStored.substr(4);
  for (const std::string& text : {"SCRAM-SHA-256$0:c2FsdA==$" + kStored + ":" + kServer,
                                  "SCRAM-SHA-256$x:c2FsdA==$" + kStored + ":" + kServer,
                                  "SCRAM-SHA-256$99999999999:c2FsdA==$" + kStored + ":" + kServer,
                                  "SCRAM-SHA-256$4096:$" + kStored + ":" + kServer,
                                  "SCRAM-SHA-256$4096:c2FsdA$" + kStored + ":" + kServer,
                                  "SCRAM-SHA-256$4096:c2Fsdb==$" + kStored + ":" + kServer,
                                  "SCRAM-SHA-256$4096:c2FsdA==$" + cut + ":" + kServer,
                                  "SCRAM-SHA-256$4096:c2FsdA==$" + kStored + ":" + cut,
                                  "SCRAM-SHA-256$4096:c2FsdA==$" + kStored,
                                  "SCRAM-SHA-256$4096:c2FsdA==$" + kStored + ":" + kServer + " "}) {
    const auto verifier = parse_verifier(text);
    ASSERT_FALSE(verifier.has_value()) << text;
    EXPECT_EQ(verifier.error(), "this SCRAM-SHA-256 verifier is damaged");
  }
}

TEST(ParseUsers, ReadsPgbouncersFormat) {
  const auto users = parse_users("\xEF\xBB\xBF; a comment\n\n  " + entry("app") + "\t;more\r\n" +
                                     "\"with \"\"quotes\"\"\"\t\"" + kVerifier + "\"  \r\n",
                                 "users.txt");
  ASSERT_TRUE(users.has_value()) << render(users.error());
  ASSERT_EQ(users->size(), 2U);
  EXPECT_EQ(users->begin()->first, "app");
  EXPECT_TRUE(users->contains("with \"quotes\""));
}

TEST(ParseUsers, TakesTheLastLineWithoutItsEnd) {
  const auto users = parse_users("\"app\" \"" + kVerifier + "\"", "users.txt");
  ASSERT_TRUE(users.has_value());
  EXPECT_EQ(users->size(), 1U);
}

TEST(ParseUsers, NamesTheLineAndTheWayOut) {
  EXPECT_THAT(first_error(entry("a") + "app secret\n"),
              testing::HasSubstr("users.txt:2:1: error: a line must be two strings"));
  EXPECT_THAT(first_error(entry("a") + entry("b") + entry("a")),
              testing::HasSubstr("users.txt:3:1: error: this user is already on line 1"));
  EXPECT_THAT(first_error("\"a\" \"md5" + std::string(32, 'f') + "\""),
              testing::HasSubstr("this is an MD5 hash"));
  EXPECT_THAT(first_error("\"a\" \"\""), testing::HasSubstr("the user has no verifier"));
  EXPECT_THAT(first_error(entry("")), testing::HasSubstr("a user name has 1 to 63 bytes"));
  EXPECT_THAT(first_error(entry(std::string(64, 'n'))), testing::HasSubstr("1 to 63 bytes"));
  EXPECT_EQ(first_error(entry(std::string(63, 'n'))), "none");
  for (const char* line : {"\"a\"", "\"a\"\"b\"", "\"a\" \"b", "\"a", "\"a\" \"b\" c", "a \"b\""}) {
    EXPECT_THAT(first_error(line), testing::HasSubstr("two strings in double quotes")) << line;
  }
}

// I7: not even in an error.
TEST(ParseUsers, NeverRepeatsASecret) {
  for (const char* line :
       {"\"a\" \"hunter2\"", "\"a\" hunter2", "\"a\" \"SCRAM-SHA-256$hunter2\""}) {
    const auto users = parse_users(line, "users.txt");
    ASSERT_FALSE(users.has_value());
    EXPECT_THAT(render(users.error()), testing::Not(testing::HasSubstr("hunter2")));
  }
}

TEST(ParseUsers, BoundsItsErrors) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "nonsense\n";
  const auto users = parse_users(text, "users.txt");
  ASSERT_FALSE(users.has_value());
  EXPECT_LE(users.error().size(), 20U);
}

}  // namespace
}  // namespace pgconcord::policies
