// A real Session between two real sockets: what the client and the server see of opening, closing
// and back-pressure.
#include "proxy/net/connection.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <cstring>

#include "tests/unit/net/loopback.h"

namespace pgconcord::net {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;

std::string number(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

std::string packet(const std::string& body) {
  return number(static_cast<std::uint32_t>(body.size() + 4)) + body;
}

std::string startup(const std::string& more = "") {
  return packet(number(196608) + "user\0app\0"s + more + "\0"s);
}

const std::string kCancel = packet(number(80877102) + number(4711) + "key!");
const std::string kUnsupported = packet(number(2 << 16) + "user\0app\0\0"s);

struct ConnectionTest : testing::Test, ConnectionOwner {
  ConnectionTest() {
    auto settings = std::make_shared<session::Settings>();
    settings->config = policies::default_config();
    settings->config.upstream.addresses = {server.bound};
    settings_ = settings;
    auto material = load_tls(settings->config);
    EXPECT_TRUE(material);
    if (material) tls.replace(*material);
  }
  ~ConnectionTest() override {
    connection.reset();
    context.reset();
  }

  void start(Admission admission = Admission::Admit) {
    session::Environment environment{settings_, plans, catalogs, suspensions, shard, incidents};
    context = std::make_unique<Context>(*loop.get(), std::move(environment), health, tls);
    const Listening front;
    client = connect_to(front.bound);
    Accepted accepted{accept_on(front), "test", 1, admission};
    ConnectionOwner& owner = *this;
    connection = std::make_unique<Connection>(*context, owner, std::move(accepted));
    connection->start();
  }
  void on_finished(Connection&) override { connection.reset(); }

  void send(const Descriptor& socket, const std::string& bytes) {
    ASSERT_EQ(::send(socket.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }
  // Turns the loop until the server side is open and has `size` bytes, which are returned.
  std::string received_by_server(std::size_t size) {
    std::string bytes;
    loop.run_until([&] {
      if (!backend.is_open()) {
        backend = Descriptor(::accept4(server.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
      }
      if (backend.is_open()) bytes += read_available(backend);
      return bytes.size() >= size;
    });
    return bytes;
  }
  std::string received_by_client_until_end() {
    std::string bytes;
    EXPECT_TRUE(loop.run_until([&] {
      bytes += read_available(client);
      return is_at_end(client);
    }));
    return bytes;
  }

  TestLoop loop;
  Listening server;
  metrics::Registry registry{{}};
  metrics::Shard& shard = registry.make_shard();
  policies::PlanCache plans{{}};
  policies::CatalogCache catalogs;
  policies::Suspensions suspensions;
  metrics::Incidents incidents;
  UpstreamHealth health{1};
  session::SettingsRef settings_;
  TlsStore tls;
  std::unique_ptr<Context> context;
  std::unique_ptr<Connection> connection;
  Descriptor client, backend;
};

TEST_F(ConnectionTest, ForwardsTheStartupPacketToANewServerConnection) {
  start();
  send(client, startup());
  EXPECT_EQ(received_by_server(startup().size()), startup());
  EXPECT_EQ(shard.cell(metrics::Metric::UpstreamConnections, {server.bound.text}).value(), 1);
  backend.reset();
  EXPECT_TRUE(loop.run_until([&] { return is_at_end(client) || !read_available(client).empty(); }));
  EXPECT_EQ(shard.cell(metrics::Metric::UpstreamConnections, {server.bound.text}).value(), 0);
}

TEST_F(ConnectionTest, ForwardsAStartupPacketThatComesByteByByte) {
  start();
  for (const char byte : startup()) {
    send(client, std::string(1, byte));
    uv_run(loop.get(), UV_RUN_NOWAIT);
  }
  EXPECT_EQ(received_by_server(startup().size()), startup());
}

TEST_F(ConnectionTest, TellsTheClientThatTheServerIsAway) {
  server.socket.reset();
  start();
  send(client, startup());
  const std::string answer = received_by_client_until_end();
  EXPECT_THAT(answer, testing::HasSubstr("C57P03"));
  EXPECT_THAT(answer, testing::Not(testing::HasSubstr("127.0.0.1")));
  client.reset();
  EXPECT_TRUE(loop.run_until([&] { return connection == nullptr; }));
}

TEST_F(ConnectionTest, RefusesAClientOverTheLimitAfterItsStartupPacket) {
  start(Admission::Refuse);
  send(client, startup());
  EXPECT_THAT(received_by_client_until_end(), testing::HasSubstr("C53300"));
}

TEST_F(ConnectionTest, LetsAClientThatIsStillSendingReadTheErrorBeforeItCloses) {
  start();
  send(client, kUnsupported);
  const std::string chunk(64 * 1024, 'x');
  for (std::size_t sent = 0; sent < 20'000'000;) {
    const ssize_t size =
        ::send(client.get(), chunk.data(), chunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size > 0) sent += static_cast<std::size_t>(size);
    ASSERT_TRUE(size > 0 || errno == EAGAIN) << std::strerror(errno);
    uv_run(loop.get(), UV_RUN_NOWAIT);
  }
  EXPECT_THAT(received_by_client_until_end(), testing::HasSubstr("FATAL"));
}

TEST_F(ConnectionTest, DoesNotLingerForAClientThatNeverCloses) {
  start();
  send(client, kUnsupported);
  received_by_client_until_end();
  ASSERT_NE(connection, nullptr);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(loop.run_until([&] {
    if (connection) connection->on_tick();
    return connection == nullptr;
  }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(800));
  EXPECT_LE(std::chrono::steady_clock::now() - begin, milliseconds(2500));
}

TEST_F(ConnectionTest, EndsQuietlyWhenAClientConnectsAndSaysNothing) {
  start();
  client.reset();
  EXPECT_TRUE(loop.run_until([&] { return connection == nullptr; }));
}

TEST_F(ConnectionTest, GivesAHalfClosedClientItsAnswers) {
  start();
  send(client, startup("replication\0true\0"s));
  received_by_server(startup("replication\0true\0"s).size());
  send(client, "question");
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(received_by_server(8), "question");
  EXPECT_TRUE(loop.run_until([&] { return is_at_end(backend); }));
  send(backend, "answer");
  backend.reset();
  EXPECT_EQ(received_by_client_until_end(), "answer");
  EXPECT_TRUE(loop.run_until([&] { return connection == nullptr; }));
}

TEST_F(ConnectionTest, ClosesTheServerConnectionOfAClientThatVanished) {
  start();
  send(client, startup());
  received_by_server(startup().size());
  const linger abort_on_close{1, 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof abort_on_close);
  client.reset();
  EXPECT_TRUE(loop.run_until([&] { return connection == nullptr; }));
  EXPECT_TRUE(loop.run_until([&] { return is_at_end(backend); }));
}

TEST_F(ConnectionTest, RelaysACancelRequestAndKeepsTheClientUntilTheServerIsDone) {
  start();
  send(client, kCancel);
  EXPECT_EQ(received_by_server(kCancel.size()), kCancel);
  for (int i = 0; i < 20; ++i) uv_run(loop.get(), UV_RUN_NOWAIT);
  EXPECT_FALSE(is_at_end(client));
  backend.reset();
  EXPECT_EQ(received_by_client_until_end(), "");
}

TEST_F(ConnectionTest, CarriesACancelRequestOutEvenWhenItsClientDoesNotWait) {
  start();
  send(client, kCancel);
  client.reset();
  EXPECT_EQ(received_by_server(kCancel.size()), kCancel);
  backend.reset();
  EXPECT_TRUE(loop.run_until([&] { return connection == nullptr; }));
}

TEST_F(ConnectionTest, StopsReadingTheServerWhileTheClientDoesNotRead) {
  start();
  const std::string packet = startup("replication\0true\0"s);
  send(client, packet);
  received_by_server(packet.size());
  const std::string chunk(256 * 1024, 'x');
  std::size_t sent = 0;
  int full = 0;
  while (full < 200 && sent < 100'000'000) {
    const ssize_t size = ::send(backend.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (size > 0) sent += static_cast<std::size_t>(size);
    full = size > 0 ? 0 : full + 1;
    uv_run(loop.get(), UV_RUN_NOWAIT);
  }
  EXPECT_LT(sent, 100'000'000U) << "the proxy swallowed everything";
  // The other direction is not held up.
  send(client, "ping");
  EXPECT_EQ(received_by_server(4), "ping");
  std::size_t received = 0;
  EXPECT_TRUE(loop.run_until([&] {
    received += read_available(client).size();
    return received == sent;
  }));
}

TEST_F(ConnectionTest, TellsAClientThatStartsWhileTheProxyDrains) {
  start();
  connection->drain();
  send(client, startup());
  EXPECT_THAT(received_by_client_until_end(), testing::HasSubstr("57P03"));
  client.reset();
  EXPECT_TRUE(loop.run_until([&] { return connection == nullptr; }));
}

TEST_F(ConnectionTest, TurnsAClientAwayThatComesWhileTheProxyDrains) {
  start(Admission::TurnAway);
  send(client, startup());
  EXPECT_THAT(received_by_client_until_end(), testing::HasSubstr("57P03"));
  client.reset();
  EXPECT_TRUE(loop.run_until([&] { return connection == nullptr; }));
}

}  // namespace
}  // namespace pgconcord::net
