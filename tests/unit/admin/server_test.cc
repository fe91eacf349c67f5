#include "proxy/admin/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "proxy/admin/client.h"

namespace pgconcord::admin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

policies::Address loopback(std::uint16_t port = 0, const std::string& host = "127.0.0.1") {
  policies::Address address;
  address.host = host;
  address.port = port;
  address.text = host + ":" + std::to_string(port);
  return address;
}

Sources sources() {
  return {.exposition = [] { return std::string("x 1\n"); },
          .health = [] { return Health{}; },
          .version_json = "{}"};
}

std::unique_ptr<Server> started(Sources from = sources()) {
  auto server = Server::start(loopback(), std::move(from));
  if (!server) throw std::runtime_error(server.error());
  return std::move(*server);
}

// A plain socket: what a polite client would not send must be sent too.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(port);
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0;
  }
  ~RawClient() { close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  bool send(const std::string& text) const {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  // Everything until the server hangs up; nothing more after the deadline.
  std::string receive(milliseconds at_most = seconds(10)) const {
    std::string received;
    const auto deadline = steady_clock::now() + at_most;
    std::array<char, 4096> buffer{};
    for (;;) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
      pollfd watched{socket_, POLLIN, 0};
      if (left.count() <= 0 || poll(&watched, 1, static_cast<int>(left.count())) <= 0) break;
      const ssize_t bytes = recv(socket_, buffer.data(), buffer.size(), 0);
      if (bytes <= 0) break;
      received.append(buffer.data(), static_cast<std::size_t>(bytes));
    }
    return received;
  }
  std::string ask(const std::string& request) const {
    return send(request) ? receive() : "could not send";
  }

 private:
  int socket_;
  bool connected_ = false;
};

TEST(Server, ReportsThePortItBoundAndAnswersThere) {
  const auto server = started();
  EXPECT_NE(server->port(), 0);
  EXPECT_EQ(server->url(), "http://127.0.0.1:" + std::to_string(server->port()));
  const auto reply = get(server->url(), "/metrics");
  ASSERT_TRUE(reply) << reply.error();
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "x 1\n");
}

TEST(Server, ListensOnIpv6) {
  const auto server = Server::start(loopback(0, "::1"), sources());
  if (!server) GTEST_SKIP() << "no IPv6 here: " << server.error();
  EXPECT_THAT((*server)->url(), StartsWith("http://[::1]:"));
  const auto reply = get((*server)->url(), "/healthz");
  ASSERT_TRUE(reply) << reply.error();
  EXPECT_EQ(reply->body, "ok\n");
}

TEST(Server, ATakenPortIsAnErrorWithTheAddressAndTheReason) {
  const auto first = started();
  const auto second = Server::start(loopback(first->port()), sources());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "admin.address: cannot listen on 127.0.0.1:" +
                                std::to_string(first->port()) + ": Address already in use");
}

TEST(Server, AnAddressOfAnotherMachineIsAnError) {
  const auto server = Server::start(loopback(0, "192.0.2.1"), sources());
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error(), HasSubstr("192.0.2.1:0"));
}

TEST(Server, AUnixSocketIsAnError) {
  policies::Address address;
  address.unix_path = "/tmp/admin.sock";
  address.text = "unix:/tmp/admin.sock";
  const auto server = Server::start(address, sources());
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error(), HasSubstr("unix:/tmp/admin.sock is a unix socket"));
}

TEST(Server, SendsTheHeadersOfTheContract) {
  const auto server = started();
  const std::string reply =
      RawClient(server->port()).ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(reply, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(reply, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\n\r\nx 1\n"));
}

TEST(Server, HeadHasNoBody) {
  const auto server = started();
  const std::string reply =
      RawClient(server->port()).ask("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(reply, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_TRUE(reply.ends_with("\r\n\r\n")) << reply;
}

TEST(Server, StatusesAreThoseOfTheAnswers) {
  Sources from = sources();
  from.health = [] { return Health{.live = {}, .ready = {false, "no upstream"}}; };
  const auto server = started(std::move(from));
  const auto ready = get(server->url(), "/readyz");
  ASSERT_TRUE(ready) << ready.error();
  EXPECT_EQ(ready->status, 503);
  EXPECT_EQ(ready->body, "no upstream\n");
  EXPECT_EQ(get(server->url(), "/nothing?here=1")->status, 404);
  EXPECT_EQ(get(server->url(), "/metrics?x=1")->status, 200);
}

TEST(Server, APostToAReadOnlyPathIsToldWhatIsAllowed) {
  const auto server = started();
  const std::string reply =
      RawClient(server->port())
          .ask("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(reply, HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST(Server, ABodyIsNeverReadButTheAnswerArrives) {
  const auto server = started();
  RawClient client(server->port());
  const std::string reply =
      client.ask("POST /api/v1/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" +
                 std::string(50'000, 'x'));
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 403 "));
}

TEST(Server, AStatementToBeExplainedIsReadUpToABound) {
  Sources from = sources();
  from.explain = [](const ExplainRequest& request) -> tl::expected<Explained, std::string> {
    return Explained{{std::to_string(request.sql.size()), "", {}}};
  };
  const auto server = started(std::move(from));
  const auto explained = [&](std::size_t size, const std::string& framing) {
    return RawClient(server->port())
        .ask("POST /api/v1/explain HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n" + framing +
             "\r\n\r\n" + std::string(size, 'x'));
  };
  EXPECT_THAT(explained(9000, "Content-Length: 9000"), HasSubstr("\"original\": \"9000\""));
  EXPECT_THAT(explained(100'000, "Content-Length: 100000"), HasSubstr("\"100000\""));
  EXPECT_THAT(explained(200'000, "Content-Length: 200000"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(explained(0, "Content-Length: 0"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(explained(0, "Accept: */*"), StartsWith("HTTP/1.1 400 "));  // no body at all
}

TEST(Server, GarbageGetsAnErrorAndTheNextClientIsServed) {
  const auto server = started();
  for (const std::string& garbage :
       {std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8), std::string("\r\n\r\n"),
        std::string("GET\r\n\r\n"), std::string("BREW /metrics HTTP/1.1\r\nHost: a\r\n\r\n"),
        std::string("GET /metrics HTTP/9.9\r\nHost: a\r\n\r\n"),
        "GET /" + std::string(10'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n",
        std::string("GET /%00%ff HTTP/1.1\r\nHost: a\r\n\r\n")}) {
    EXPECT_THAT(RawClient(server->port()).ask(garbage), Not(StartsWith("HTTP/1.1 200")));
  }
  EXPECT_TRUE(get(server->url(), "/healthz"));
}

TEST(Server, EndlessHeadersAreCutOff) {
  const auto server = started();
  RawClient client(server->port());
  ASSERT_TRUE(client.send("GET /metrics HTTP/1.1\r\n"));
  const std::string header = "X-Filler: " + std::string(1000, 'x') + "\r\n";
  const auto deadline = steady_clock::now() + seconds(4);
  std::size_t sent = 0;
  while (steady_clock::now() < deadline && client.send(header)) sent += header.size();
  EXPECT_LT(steady_clock::now(), deadline) << "still reading after " << sent << " bytes";
}

TEST(Server, OverlappingRangesDoNotMultiplyTheAnswer) {
  const auto server = started();
  std::string ranges = "bytes=0-";
  for (int i = 0; i < 1000; ++i) ranges += ",0-";
  const std::string reply =
      RawClient(server->port())
          .ask("GET /metrics HTTP/1.1\r\nHost: a\r\nRange: " + ranges + "\r\n\r\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\n\r\nx 1\n"));
}

TEST(Server, ClientsThatSayNothingDoNotKeepOthersOut) {
  const auto server = started();
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 4; ++i) silent.push_back(std::make_unique<RawClient>(server->port()));
  const auto begin = steady_clock::now();
  const std::string reply =
      RawClient(server->port()).ask("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(reply, HasSubstr("ok\n"));
  EXPECT_LT(steady_clock::now() - begin, seconds(8));
}

TEST(Server, AClientThatDripsIsCutOff) {
  const auto server = started();
  RawClient client(server->port());
  const auto begin = steady_clock::now();
  bool open = client.send("GET /metrics HTTP/1.1\r\nX: ");
  while (open && steady_clock::now() - begin < seconds(9)) {
    open = client.send("y") && client.receive(milliseconds(200)).empty();
    pollfd watched{};
    poll(&watched, 0, 50);
  }
  EXPECT_FALSE(open);
}

TEST(Server, AnExceptionIsA500WithoutItsText) {
  Sources from = sources();
  from.exposition = []() -> std::string { throw std::runtime_error("secret"); };
  const auto server = started(std::move(from));
  const std::string reply =
      RawClient(server->port()).ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(reply, Not(HasSubstr("secret")));
}

TEST(Server, ManyClientsAtOnceAllGetTheirAnswer) {
  const auto server = started();
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int round = 0; round < 25; ++round) {
        const auto reply = get(server->url(), "/metrics");
        if (reply && reply->body == "x 1\n") ++answered;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(answered, 200);
}

TEST(Server, StopsSoonAlthoughAClientSaysNothing) {
  auto server = started();
  RawClient silent(server->port());
  ASSERT_TRUE(silent.connected());
  ASSERT_TRUE(silent.send("GET /"));
  ASSERT_TRUE(get(server->url(), "/healthz"));
  const auto begin = steady_clock::now();
  server.reset();
  EXPECT_LT(steady_clock::now() - begin, seconds(2));
}

TEST(Server, NobodyAnswersAfterTheStop) {
  auto server = started();
  const std::string url = server->url();
  server.reset();
  const auto reply = get(url, "/healthz");
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error(), HasSubstr("cannot connect to " + url));
}

}  // namespace
}  // namespace pgconcord::admin
