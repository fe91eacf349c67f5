#include "proxy/session/scram_exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/wire/base64.h"

namespace pgconcord::session {
namespace {

using crypto::Digest;
using testing::ElementsAre;

// The keys of the password `pencil` with RFC 7677's salt and count; the RFC gives the proof.
struct Rfc7677 {
  std::string client_nonce = "rOprNGfwEbeRWgbNEkqO";
  std::string server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  Challenge challenge{*wire::from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096};
  Digest stored_key =
      Digest::of_bytes(*wire::from_base64("WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="));
  Digest server_key =
      Digest::of_bytes(*wire::from_base64("wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="));
  std::string client_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
  std::string client_final =
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
      "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
};

std::string problem(const wire::ScramResult<void>& result) {
  return result ? "none"
                : std::string(result.error().sqlstate) + " " + std::string(result.error().message);
}

TEST(ScramServer, RunsTheExchangeOfRfc7677) {
  const Rfc7677 rfc;
  ScramServer server(rfc.server_nonce, "");
  EXPECT_EQ(problem(server.choose("SCRAM-SHA-256")), "none");
  EXPECT_EQ(problem(server.take_first(rfc.client_first)), "none");
  EXPECT_EQ(server.first(rfc.challenge),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,"
            "i=4096");
  EXPECT_EQ(problem(server.take_final(rfc.client_final)), "none");
  const auto key = server.client_key(rfc.stored_key);
  ASSERT_TRUE(key.has_value());
  EXPECT_TRUE(crypto::sha256(key->view()) == rfc.stored_key);
  EXPECT_EQ(server.final(rfc.server_key), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

// The ClientKey that a proof gave away makes the proof of another exchange (protocol.md 2.7).
TEST(ScramClient, ProvesWithTheKeyOfAnotherExchange) {
  const Rfc7677 rfc;
  ScramServer towards_client(rfc.server_nonce, "");
  ASSERT_EQ(problem(towards_client.take_first(rfc.client_first)), "none");
  towards_client.first(rfc.challenge);
  ASSERT_EQ(problem(towards_client.take_final(rfc.client_final)), "none");
  const auto key = towards_client.client_key(rfc.stored_key);
  ASSERT_TRUE(key.has_value());

  ScramServer real_server("theirs", "certificate");
  auto client = ScramClient::answer(real_server.mechanisms(), "ours", "certificate");
  ASSERT_TRUE(client.has_value());
  EXPECT_EQ(client->mechanism(), "SCRAM-SHA-256-PLUS");
  ASSERT_EQ(problem(real_server.choose(client->mechanism())), "none");
  ASSERT_EQ(problem(real_server.take_first(client->first())), "none");
  const auto challenge = client->take_first(real_server.first(rfc.challenge));
  ASSERT_TRUE(challenge.has_value());
  EXPECT_TRUE(*challenge == rfc.challenge);
  ASSERT_EQ(problem(real_server.take_final(client->final(*key, rfc.stored_key))), "none");
  EXPECT_TRUE(real_server.client_key(rfc.stored_key).has_value());
  EXPECT_TRUE(client->accepts(real_server.final(rfc.server_key), rfc.server_key));
  EXPECT_FALSE(client->accepts(real_server.final(rfc.stored_key), rfc.server_key));
  EXPECT_FALSE(client->accepts("e=other-error", rfc.server_key));
}

TEST(ScramServer, KnowsAWrongProof) {
  const Rfc7677 rfc;
  ScramServer server(rfc.server_nonce, "");
  ASSERT_EQ(problem(server.take_first(rfc.client_first)), "none");
  server.first({rfc.challenge.salt, 4097});  // the proof is for 4096
  ASSERT_EQ(problem(server.take_final(rfc.client_final)), "none");
  EXPECT_FALSE(server.client_key(rfc.stored_key).has_value());
  EXPECT_FALSE(server.client_key(Digest()).has_value());
}

TEST(ScramServer, OffersChannelBindingWhereThereIsACertificateHash) {
  EXPECT_THAT(ScramServer("n", "").mechanisms(), ElementsAre("SCRAM-SHA-256"));
  EXPECT_THAT(ScramServer("n", "hash").mechanisms(),
              ElementsAre("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"));
  EXPECT_EQ(problem(ScramServer("n", "").choose("SCRAM-SHA-256-PLUS")),
            "08P01 client selected an invalid SASL authentication mechanism");
  EXPECT_EQ(problem(ScramServer("n", "hash").choose("PLAIN")),
            "08P01 client selected an invalid SASL authentication mechanism");
}

struct HeaderCase {
  std::string binding, mechanism, first, problem;
};

// protocol.md 2.2, 2.8: the flag must fit what was offered and chosen.
TEST(ScramServer, ChecksTheHeaderAgainstDowngrades) {
  const std::string plus = "SCRAM-SHA-256-PLUS";
  const std::string plain = "SCRAM-SHA-256";
  const HeaderCase kCases[] = {
      {"", plain, "n,,n=,r=a", "none"},
      {"", plain, "y,,n=,r=a", "none"},
      {"", plain, "p=tls-server-end-point,,n=,r=a", "08P01 malformed SCRAM message"},
      {"hash", plain, "n,,n=,r=a", "none"},
      {"hash", plain, "y,,n=,r=a", "28000 SCRAM channel binding negotiation error"},
      {"hash", plain, "p=tls-server-end-point,,n=,r=a", "08P01 malformed SCRAM message"},
      {"hash", plus, "p=tls-server-end-point,,n=,r=a", "none"},
      {"hash", plus, "p=tls-unique,,n=,r=a", "08P01 unsupported SCRAM channel-binding type"},
      {"hash", plus, "n,,n=,r=a", "08P01 malformed SCRAM message"},
      {"hash", plus, "y,,n=,r=a", "08P01 malformed SCRAM message"},
  };
  for (const HeaderCase& each : kCases) {
    ScramServer server("n", each.binding);
    ASSERT_EQ(problem(server.choose(each.mechanism)), "none");
    EXPECT_EQ(problem(server.take_first(each.first)), each.problem)
        << each.mechanism << " " << each.first;
  }
}

std::string final_problem(const std::string& mechanism, const std::string& first,
                          const std::string& binding_sent, const std::string& nonce) {
  ScramServer server("ours", "hash");
  EXPECT_EQ(problem(server.choose(mechanism)), "none");
  EXPECT_EQ(problem(server.take_first(first)), "none");
  server.first({"salt", 4096});
  return problem(server.take_final("c=" + wire::base64(binding_sent) + ",r=" + nonce +
                                   ",p=" + wire::base64(std::string(32, 'p'))));
}

TEST(ScramServer, ChecksBindingAndNonceOfTheFinalMessage) {
  const std::string plus = "SCRAM-SHA-256-PLUS";
  const std::string header = "p=tls-server-end-point,,";
  EXPECT_EQ(final_problem(plus, header + "n=,r=a", header + "hash", "aours"), "none");
  EXPECT_EQ(final_problem(plus, header + "n=,r=a", header + "other", "aours"),
            "28000 SCRAM channel binding check failed");
  EXPECT_EQ(final_problem(plus, header + "n=,r=a", header, "aours"),
            "28000 SCRAM channel binding check failed");
  EXPECT_EQ(final_problem("SCRAM-SHA-256", "n,,n=,r=a", "n,,", "aours"), "none");
  EXPECT_EQ(final_problem("SCRAM-SHA-256", "n,,n=,r=a", "y,,", "aours"),
            "08P01 unexpected SCRAM channel-binding attribute in client-final-message");
  for (const char* nonce : {"a", "aours2", "bours", "aour", ""}) {
    EXPECT_EQ(final_problem("SCRAM-SHA-256", "n,,n=,r=a", "n,,", nonce),
              "08P01 invalid SCRAM response")
        << nonce;
  }
}

TEST(ScramClient, BindsWhereBothCan) {
  const auto header = [](const std::vector<std::string_view>& offered, const std::string& hash) {
    const auto client = ScramClient::answer(offered, "x", hash);
    return client ? client->first() : std::string("none");
  };
  EXPECT_EQ(header({"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, "hash"),
            "p=tls-server-end-point,,n=,r=x");
  EXPECT_EQ(header({"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, ""), "n,,n=,r=x");
  EXPECT_EQ(header({"SCRAM-SHA-256"}, "hash"), "y,,n=,r=x");
  EXPECT_EQ(header({"SCRAM-SHA-256"}, ""), "n,,n=,r=x");
  EXPECT_EQ(header({"SCRAM-SHA-256-PLUS"}, ""), "none");
  EXPECT_EQ(header({"OAUTHBEARER"}, "hash"), "none");
  EXPECT_EQ(header({}, ""), "none");
}

TEST(ScramClient, WantsItsNonceBackWithSomethingBehindIt) {
  for (const char* text : {"r=x,s=YQ==,i=1", "r=y1,s=YQ==,i=1", "r=,s=YQ==,i=1", "garbage"}) {
    auto client = ScramClient::answer({"SCRAM-SHA-256"}, "x", "");
    ASSERT_TRUE(client.has_value());
    EXPECT_FALSE(client->take_first(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace pgconcord::session
