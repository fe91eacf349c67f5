#include "proxy/net/connector.h"

#include <optional>

#include "tests/unit/net/loopback.h"

namespace pgconcord::net {
namespace {

using std::chrono::milliseconds;

struct Outcome final : ConnectorEvents {
  void on_connect(Result<Connected> outcome) override {
    EXPECT_FALSE(result.has_value()) << "told twice";
    result = std::move(outcome);
  }
  bool is_there() const { return result.has_value(); }
  bool succeeded() const { return result && result->has_value(); }

  std::optional<Result<Connected>> result;
};

struct ConnectorTest : testing::Test {
  void connect(std::vector<policies::Address> addresses,
               milliseconds timeout = milliseconds(5000)) {
    upstream.addresses = std::move(addresses);
    upstream.connect_timeout = timeout;
    health = std::make_unique<UpstreamHealth>(upstream.addresses.size());
    connector =
        std::make_unique<Connector>(Connector::Setup{*loop.get(), upstream, *health, shard, tls});
    connector->start(outcome);
  }
  double failures(const policies::Address& upstream_address, std::string_view reason) {
    return shard.cell(metrics::Metric::UpstreamConnectFailures, {upstream_address.text, reason})
        .value();
  }
  // An address that nobody listens on.
  static policies::Address closed_port() { return Listening().bound; }

  TestLoop loop;
  TlsRef tls = std::make_shared<const TlsMaterial>();
  metrics::Registry registry{{}};
  metrics::Shard& shard = registry.make_shard();
  policies::Upstream upstream;
  std::unique_ptr<UpstreamHealth> health;
  Outcome outcome;
  std::unique_ptr<Connector> connector;
};

// Accepts into its backlog until that is full and never takes anybody out: further SYNs get no
// answer.
struct FullBacklog {
  FullBacklog() {
    listening.socket.reset();
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto any = without_resolver(address("127.0.0.1:0"));
    EXPECT_EQ(::bind(socket.get(), any->raw(), any->size), 0);
    EXPECT_EQ(::listen(socket.get(), 0), 0);
    listening.bound = address(describe_bound(socket.get()));
    listening.socket = std::move(socket);
    const auto target = without_resolver(listening.bound);
    for (int i = 0; i < 4; ++i) {
      auto filler = open_socket(AF_INET);
      ::connect(filler->get(), target->raw(), target->size);
      fillers.push_back(std::move(*filler));
    }
  }
  Listening listening;
  std::vector<Descriptor> fillers;
};

TEST_F(ConnectorTest, ConnectsToANumericAddress) {
  const Listening server;
  connect({server.bound});
  ASSERT_TRUE(loop.run_until([&] { return outcome.is_there(); }));
  ASSERT_TRUE(outcome.succeeded());
  EXPECT_EQ((*outcome.result)->upstream, server.bound.text);
  EXPECT_TRUE(accept_on(server).is_open());
  EXPECT_TRUE(health->is_up(0));
  EXPECT_EQ(shard.histogram(metrics::Metric::UpstreamConnectDuration, {server.bound.text})
                .snapshot()
                .count,
            1U);
}

TEST_F(ConnectorTest, ConnectsOverIpv6) {
  const Listening server("[::1]:0");
  connect({server.bound});
  ASSERT_TRUE(loop.run_until([&] { return outcome.is_there(); }));
  EXPECT_TRUE(outcome.succeeded());
}

TEST_F(ConnectorTest, ConnectsToAUnixSocket) {
  const std::string path = testing::TempDir() + "connector." + std::to_string(::getpid());
  const Listening server("unix:" + path);
  connect({address("unix:" + path)});
  ASSERT_TRUE(loop.run_until([&] { return outcome.is_there(); }));
  EXPECT_TRUE(outcome.succeeded());
  ::unlink(path.c_str());
}

TEST_F(ConnectorTest, ResolvesNamesAndTriesEveryAddressTheyStandFor) {
  // `localhost` may stand for ::1 first, where nobody listens.
  const Listening server("127.0.0.1:0");
  connect({address("localhost:" + std::to_string(server.bound.port))});
  ASSERT_TRUE(loop.run_until([&] { return outcome.is_there(); }));
  EXPECT_TRUE(outcome.succeeded());
}

TEST_F(ConnectorTest, TakesTheNextAddressWhenOneRefuses) {
  const auto refusing = closed_port();
  const Listening server;
  connect({refusing, server.bound});
  ASSERT_TRUE(loop.run_until([&] { return outcome.is_there(); }));
  ASSERT_TRUE(outcome.succeeded());
  EXPECT_EQ((*outcome.result)->upstream, server.bound.text);
  EXPECT_EQ(failures(refusing, "refused"), 1);
  EXPECT_FALSE(health->is_up(0));
  EXPECT_TRUE(health->is_up(1));
}

TEST_F(ConnectorTest, FailsWithTheLastErrorWhenEveryAddressRefuses) {
  const auto first = closed_port();
  const auto second = closed_port();
  connect({first, second});
  ASSERT_TRUE(loop.run_until([&] { return outcome.is_there(); }));
  ASSERT_FALSE(outcome.succeeded());
  EXPECT_EQ(outcome.result->error().error_number, ECONNREFUSED);
  EXPECT_EQ(failures(first, "refused") + failures(second, "refused"), 2);
}

TEST_F(ConnectorTest, CountsAMissingUnixSocketAsRefused) {
  const auto missing = address("unix:/nonexistent/.s.PGSQL.5432");
  connect({missing});
  ASSERT_TRUE(loop.run_until([&] { return outcome.is_there(); }));
  EXPECT_FALSE(outcome.succeeded());
  EXPECT_EQ(failures(missing, "refused"), 1);
}

TEST_F(ConnectorTest, CountsAnUnknownNameAsDns) {
  const auto unknown = address("no-such-host.invalid:5432");
  connect({unknown});
  ASSERT_TRUE(loop.run_until([&] { return outcome.is_there(); }));
  EXPECT_FALSE(outcome.succeeded());
  EXPECT_EQ(failures(unknown, "dns"), 1);
}

TEST_F(ConnectorTest, GivesEachAttemptItsTimeout) {
  const FullBacklog silent;
  const Listening server;
  const auto start = std::chrono::steady_clock::now();
  connect({silent.listening.bound, server.bound}, milliseconds(200));
  ASSERT_TRUE(loop.run_until([&] { return outcome.is_there(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(190));
  ASSERT_TRUE(outcome.succeeded());
  EXPECT_EQ((*outcome.result)->upstream, server.bound.text);
  EXPECT_EQ(failures(silent.listening.bound, "timeout"), 1);
}

TEST_F(ConnectorTest, MayBeDestroyedWhileItConnects) {
  const FullBacklog silent;
  connect({silent.listening.bound});
  uv_run(loop.get(), UV_RUN_NOWAIT);
  connector.reset();
  for (int i = 0; i < 10; ++i) uv_run(loop.get(), UV_RUN_NOWAIT);
  EXPECT_FALSE(outcome.is_there());
}

TEST_F(ConnectorTest, MayBeDestroyedWhileItResolves) {
  connect({address("localhost:5432")});
  connector.reset();
  for (int i = 0; i < 10; ++i) uv_run(loop.get(), UV_RUN_NOWAIT);
  EXPECT_FALSE(outcome.is_there());
}

}  // namespace
}  // namespace pgconcord::net
