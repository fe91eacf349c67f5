#include "proxy/net/tls_engine.h"

#include <gmock/gmock.h>

#include <array>
#include <utility>

#include "policies/load.h"
#include "tests/unit/net/test_certificate.h"

namespace pgconcord::net {
namespace {

using State = TlsEngine::State;

session::Outbox outbox_of(std::initializer_list<std::string_view> pieces) {
  session::Outbox outbox;
  for (const std::string_view piece : pieces) outbox.forward(piece);
  return outbox;
}

// Our two engines, talking to each other.
struct TlsEngineTest : testing::Test {
  void open(const TestCertificate& certificate, const std::string& mode, const std::string& host) {
    policies::Config config = policies::default_config();
    policies::ListenTls& listen = config.listeners.front().tls;
    listen.mode = "require";
    listen.cert = certificate.cert;
    listen.key = certificate.key;
    config.upstream.tls.mode = mode;
    config.upstream.tls.negotiation = negotiation;
    if (mode == "verify-full") config.upstream.tls.ca = certificate.cert;
    auto loaded = load_tls(config);
    ASSERT_TRUE(loaded) << loaded.error().front().message;
    material = *loaded;
    server = TlsEngine::towards_client(material->listeners.front(), entry);
    address = *policies::parse_address(host + ":5432");
    client = TlsEngine::towards_server(material->upstream, address);
    ASSERT_TRUE(server && client);
    client->begin();
  }

  // Gives `to` what `from` has to send, in portions; what it read is returned.
  static std::string carry(TlsEngine& from, TlsEngine& to, std::size_t portion = 1 << 20) {
    const std::string ciphertext = std::exchange(from.output(), {});
    std::string plain;
    std::array<char, 1000> buffer{};
    for (std::size_t at = 0; at < ciphertext.size(); at += portion) {
      const std::string copy = ciphertext.substr(at, portion);
      to.receive(copy);
      while (const std::size_t size = to.read(buffer)) plain.append(buffer.data(), size);
    }
    return plain;
  }
  void shake_hands(std::size_t portion = 1 << 20) {
    for (int i = 0; i < 4; ++i) {
      carry(*client, *server, portion);
      carry(*server, *client, portion);
    }
  }

  std::string negotiation = "postgres";
  TlsEngine::Entry entry = TlsEngine::Entry::Negotiated;
  TlsRef material;
  policies::Address address;
  std::unique_ptr<TlsEngine> client, server;
};

TEST_F(TlsEngineTest, OpensAndCarriesBytesBothWays) {
  const TestCertificate certificate("DNS:db");
  open(certificate, "verify-full", "db");
  shake_hands();
  ASSERT_EQ(client->state(), State::Open) << client->failure();
  ASSERT_EQ(server->state(), State::Open) << server->failure();
  client->write(outbox_of({"a question"}));
  EXPECT_EQ(carry(*client, *server), "a question");
  server->write(outbox_of({"an ", "answer"}));
  EXPECT_EQ(carry(*server, *client), "an answer");
}

TEST_F(TlsEngineTest, DoesNotMindHowTheCiphertextIsCut) {
  const TestCertificate certificate("IP:127.0.0.1");
  open(certificate, "verify-full", "127.0.0.1");
  shake_hands(1);
  ASSERT_EQ(server->state(), State::Open);
  const std::string large(100'000, 'x');
  client->write(outbox_of({large, "small", large}));
  EXPECT_EQ(carry(*client, *server, 7), large + "small" + large);
}

TEST_F(TlsEngineTest, GathersSmallPiecesIntoRecords) {
  const TestCertificate certificate("DNS:db");
  open(certificate, "require", "db");
  shake_hands();
  session::Outbox outbox;
  std::string text(20'000, 'x');
  // Every other byte, so that the pieces are not adjacent.
  for (std::size_t i = 0; i < text.size(); i += 2)
    outbox.forward(std::string_view(text).substr(i, 1));
  client->write(outbox);
  EXPECT_LT(client->output().size(), 10'000U + 100U);
  EXPECT_EQ(carry(*client, *server).size(), 10'000U);
}

TEST_F(TlsEngineTest, BothSidesKnowTheServersEndPoint) {
  const TestCertificate certificate("DNS:db", EVP_sha384());
  open(certificate, "require", "db");
  shake_hands();
  EXPECT_EQ(client->facts().server_end_point, certificate.hash(EVP_sha384()));
  EXPECT_EQ(server->facts().server_end_point, certificate.hash(EVP_sha384()));
  EXPECT_TRUE(client->facts().peer_showed_certificate);
  EXPECT_FALSE(server->facts().peer_showed_certificate);
}

TEST_F(TlsEngineTest, TheEndPointOfAnOldDigestIsSha256) {
  const TestCertificate certificate("DNS:db", EVP_sha1());
  open(certificate, "require", "db");
  EXPECT_EQ(material->listeners.front().server_end_point, certificate.hash(EVP_sha256()));
}

TEST_F(TlsEngineTest, Ed25519HasNoEndPoint) {
  const TestCertificate certificate("DNS:db", nullptr, "ED25519");
  open(certificate, "require", "db");
  shake_hands();
  ASSERT_EQ(client->state(), State::Open);
  EXPECT_EQ(client->facts().server_end_point, "");
  EXPECT_EQ(server->facts().server_end_point, "");
}

TEST_F(TlsEngineTest, AnotherNameIsRefusedAndSaid) {
  const TestCertificate certificate("DNS:elsewhere");
  open(certificate, "verify-full", "db");
  shake_hands();
  EXPECT_EQ(client->state(), State::Failed);
  EXPECT_THAT(client->failure(), testing::HasSubstr("hostname mismatch"));
  EXPECT_EQ(server->state(), State::Failed);
}

TEST_F(TlsEngineTest, AnotherAddressIsRefused) {
  const TestCertificate certificate("IP:127.0.0.2,DNS:127.0.0.1");
  open(certificate, "verify-full", "127.0.0.1");
  shake_hands();
  EXPECT_EQ(client->state(), State::Failed);
  EXPECT_THAT(client->failure(), testing::HasSubstr("IP address mismatch"));
}

TEST_F(TlsEngineTest, DirectTlsAgreesOnTheProtocol) {
  negotiation = "direct";
  entry = TlsEngine::Entry::Direct;
  const TestCertificate certificate("DNS:db");
  open(certificate, "require", "db");
  shake_hands();
  EXPECT_EQ(client->state(), State::Open) << client->failure();
  EXPECT_EQ(server->state(), State::Open) << server->failure();
}

TEST_F(TlsEngineTest, PlaintextIsNoTls) {
  const TestCertificate certificate("DNS:db");
  open(certificate, "require", "db");
  server->receive(std::string_view("\0\0\0\x08\x04\xd2\x16\x2f", 8));
  std::array<char, 100> buffer{};
  EXPECT_EQ(server->read(buffer), 0U);
  EXPECT_EQ(server->state(), State::Failed);
  EXPECT_FALSE(server->failure().empty());
}

TEST_F(TlsEngineTest, CloseNotifyEndsOneDirection) {
  const TestCertificate certificate("DNS:db");
  open(certificate, "require", "db");
  shake_hands();
  client->finish();
  EXPECT_EQ(carry(*client, *server), "");
  EXPECT_EQ(server->state(), State::Closed);
  server->write(outbox_of({"last words"}));
  EXPECT_EQ(carry(*server, *client), "last words");
}

}  // namespace
}  // namespace pgconcord::net
