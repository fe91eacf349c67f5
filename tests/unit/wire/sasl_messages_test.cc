#include "proxy/wire/sasl_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgconcord::wire {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(AuthenticationRequest, IsANumberAndWhatFollows) {
  const std::string body = "\0\0\0\x0B"s + "r=abc";
  const auto request = authentication_request(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->kind, Authentication::SaslContinue);
  EXPECT_EQ(request->data, "r=abc");
  EXPECT_FALSE(authentication_request("\0\0\0"s).has_value());
}

TEST(AuthenticationRequest, OkAndSaslFinalWantNoAnswer) {
  EXPECT_FALSE(wants_answer(Authentication::Ok));
  EXPECT_FALSE(wants_answer(Authentication::SaslFinal));
  EXPECT_TRUE(wants_answer(Authentication::Md5Password));
  EXPECT_TRUE(wants_answer(Authentication::Sasl));
}

TEST(SaslMechanisms, EndAtTheEmptyName) {
  EXPECT_THAT(sasl_mechanisms("A\0B\0\0"s), ElementsAre("A", "B"));
  EXPECT_THAT(sasl_mechanisms("\0"s), IsEmpty());
  EXPECT_THAT(sasl_mechanisms("A\0unended"s), ElementsAre("A"));
}

TEST(SaslMechanisms, AreWrittenAsTheyAreRead) {
  const std::string message = make_authentication_sasl({"A", "B"});
  const auto request = authentication_request(std::string_view(message).substr(5));
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->kind, Authentication::Sasl);
  EXPECT_THAT(sasl_mechanisms(request->data), ElementsAre("A", "B"));
}

TEST(SaslInitialResponse, HasAMechanismAndMaybeData) {
  const std::string message = make_sasl_initial_response("SCRAM-SHA-256", "n,,n=,r=x");
  const auto response = sasl_initial_response(std::string_view(message).substr(5));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->mechanism, "SCRAM-SHA-256");
  EXPECT_EQ(response->data, "n,,n=,r=x");
  const auto without = sasl_initial_response("M\0\xFF\xFF\xFF\xFF"s);
  ASSERT_TRUE(without.has_value());
  EXPECT_FALSE(without->data.has_value());
}

// protocol.md 2.14: lengths are checked before they are used.
TEST(SaslInitialResponse, WantsALengthThatFits) {
  EXPECT_FALSE(sasl_initial_response("M\0\0\0\0\x02x"s).has_value());
  EXPECT_FALSE(sasl_initial_response("M\0\0\0\0\x01xy"s).has_value());
  EXPECT_FALSE(sasl_initial_response("M\0\xFF\xFF\xFF\xFEx"s).has_value());
  EXPECT_FALSE(sasl_initial_response("M\0\x7F\xFF\xFF\xFFx"s).has_value());
  EXPECT_FALSE(sasl_initial_response("M\0\0\0"s).has_value());
  EXPECT_FALSE(sasl_initial_response("no end"s).has_value());
}

}  // namespace
}  // namespace pgconcord::wire
