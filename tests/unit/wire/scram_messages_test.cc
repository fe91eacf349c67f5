#include "proxy/wire/scram_messages.h"

#include <gtest/gtest.h>

namespace pgconcord::wire {
namespace {

using namespace std::string_literals;

// Of RFC 7677 section 3.
constexpr std::string_view kClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view kClientFinal =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr std::string_view kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

template <class T>
std::string problem(const ScramResult<T>& result) {
  if (result) return "none";
  return std::string(result.error().sqlstate) + " " + std::string(result.error().message) + ": " +
         result.error().detail;
}

TEST(ScramMessages, ReadTheExchangeOfRfc7677) {
  const auto first = client_first(kClientFirst);
  ASSERT_TRUE(first.has_value()) << problem(first);
  EXPECT_EQ(first->flag, BindingFlag::None);
  EXPECT_EQ(first->header, "n,,");
  EXPECT_EQ(first->bare, "n=user,r=rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(first->nonce, "rOprNGfwEbeRWgbNEkqO");

  const auto challenge = server_first(kServerFirst);
  ASSERT_TRUE(challenge.has_value()) << problem(challenge);
  EXPECT_EQ(challenge->nonce, "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
  EXPECT_EQ(challenge->salt.size(), 16U);
  EXPECT_EQ(challenge->iterations, 4096U);

  const auto final = client_final(kClientFinal);
  ASSERT_TRUE(final.has_value()) << problem(final);
  EXPECT_EQ(final->binding, "biws");
  EXPECT_EQ(final->nonce, challenge->nonce);
  EXPECT_EQ(final->proof.size(), 32U);
  EXPECT_EQ(final->without_proof, kClientFinal.substr(0, kClientFinal.find(",p=")));

  const auto signature = server_final(kServerFinal);
  ASSERT_TRUE(signature.has_value()) << problem(signature);
  EXPECT_EQ(signature->size(), 32U);
}

TEST(ClientFirst, KnowsChannelBinding) {
  const auto used = client_first("p=tls-server-end-point,,n=,r=abc");
  ASSERT_TRUE(used.has_value()) << problem(used);
  EXPECT_EQ(used->flag, BindingFlag::Used);
  EXPECT_EQ(used->binding_type, "tls-server-end-point");
  EXPECT_EQ(used->header, "p=tls-server-end-point,,");
  const auto not_offered = client_first("y,,n=,r=abc,x=more");
  ASSERT_TRUE(not_offered.has_value()) << problem(not_offered);
  EXPECT_EQ(not_offered->flag, BindingFlag::NotOffered);
  EXPECT_EQ(not_offered->bare, "n=,r=abc,x=more");
}

struct Refusal {
  std::string text, problem;
};

TEST(ClientFirst, IsRefusedInTheWordsOfPostgresql) {
  const std::string malformed = "08P01 malformed SCRAM message: ";
  const Refusal kRefusals[] = {
      {"", malformed + "The message is empty."},
      {"n,,n=,r=a\0b"s, malformed + "Message length does not match input length."},
      {"x,,n=,r=a", malformed + "Unexpected channel-binding flag \"x\"."},
      {"\x01,,n=,r=a", malformed + "Unexpected channel-binding flag \"?\"."},
      {"n", malformed + "Comma expected, but found character \"end of message\"."},
      {"nn,n=,r=a", malformed + "Comma expected, but found character \"n\"."},
      {"n,a=admin,n=,r=a", "0A000 client uses authorization identity, but it is not supported: "},
      {"n,b,n=,r=a", malformed + "Unexpected attribute \"b\" in client-first-message."},
      {"n,", malformed + "Unexpected attribute \"end of message\" in client-first-message."},
      {"p=tls-server-end-point",
       malformed + "Unexpected attribute \"end of message\" in client-first-message."},
      {"p,,n=,r=a", malformed + "Expected character \"=\" for attribute \"p\"."},
      {"n,,m=ext,n=,r=a", "0A000 client requires an unsupported SCRAM extension: "},
      {"n,,r=a", malformed + "Expected attribute \"n\" but found \"r\"."},
      {"n,,n=", malformed + "Expected attribute \"r\" but found \"end of message\"."},
      {"n,,n=,r=a b", "08P01 non-printable characters in SCRAM nonce: "},
      {"n,,n=,r=a\x7F", "08P01 non-printable characters in SCRAM nonce: "},
      {"n,,n=,r=a,1=x", malformed + "Attribute expected, but found invalid character \"1\"."},
      {"n,,n=,r=a,x", malformed + "Expected character \"=\" for attribute \"x\"."},
  };
  for (const Refusal& each : kRefusals) EXPECT_EQ(problem(client_first(each.text)), each.problem);
}

TEST(ServerFirst, IsRefusedWhereItIsNotWhole) {
  for (const std::string_view text :
       {"", "m=x,r=a,s=YQ==,i=1", "s=YQ==,i=1", "r=a,i=1", "r=a,s=YQ==", "r=a,s=,i=1",
        "r=a,s=YQ,i=1", "r=a,s=YQ==,i=0", "r=a,s=YQ==,i=-1", "r=a,s=YQ==,i=1x",
        "r=a,s=YQ==,i=", "r=a,s=YQ==,i=99999999999", "r=a b,s=YQ==,i=1", "r=a,s=YQ==,i=1,?"}) {
    EXPECT_FALSE(server_first(text).has_value()) << text;
  }
  EXPECT_TRUE(server_first("r=a,s=YQ==,i=1,x=more").has_value());
}

TEST(ClientFinal, IsRefusedInTheWordsOfPostgresql) {
  const std::string malformed = "08P01 malformed SCRAM message: ";
  const std::string proof(kClientFinal.substr(kClientFinal.find("p=")));
  const Refusal kRefusals[] = {
      {"", malformed + "The message is empty."},
      {"r=a," + proof, malformed + "Expected attribute \"c\" but found \"r\"."},
      {"c=biws," + proof, malformed + "Expected attribute \"r\" but found \"p\"."},
      {"c=biws,r=a",
       malformed + "Attribute expected, but found invalid character \"end of message\"."},
      {"c=biws,r=a,m=x," + proof, "0A000 client requires an unsupported SCRAM extension: "},
      {"c=biws,r=a,p=", malformed + "Malformed proof in client-final-message."},
      {"c=biws,r=a,p=YQ==", malformed + "Malformed proof in client-final-message."},
      {"c=biws,r=a,p=!" + proof.substr(3), malformed + "Malformed proof in client-final-message."},
      {"c=biws,r=a," + proof + ",x=y",
       malformed + "Garbage found at the end of client-final-message."},
      {"c=biws,r=a," + proof + ",",
       malformed + "Garbage found at the end of client-final-message."},
  };
  for (const Refusal& each : kRefusals) EXPECT_EQ(problem(client_final(each.text)), each.problem);
}

TEST(ClientFinal, SignsUnknownAttributesToo) {
  const std::string proof(kClientFinal.substr(kClientFinal.find("p=")));
  const std::string text = "c=biws,r=a,x=y," + proof;
  const auto final = client_final(text);
  ASSERT_TRUE(final.has_value()) << problem(final);
  EXPECT_EQ(final->without_proof, "c=biws,r=a,x=y");
}

TEST(ServerFinal, IsASignatureOrNothing) {
  EXPECT_FALSE(server_final("").has_value());
  EXPECT_FALSE(server_final("e=invalid-proof").has_value());
  EXPECT_FALSE(server_final("v=YQ==").has_value());
  EXPECT_FALSE(server_final(std::string(kServerFinal) + ",?").has_value());
}

}  // namespace
}  // namespace pgconcord::wire
