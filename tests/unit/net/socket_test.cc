// What a socket of ours may never do to a peer, and who may share its address.
#include "proxy/net/socket.h"

#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <algorithm>

#include "proxy/net/succession.h"
#include "tests/unit/net/loopback.h"

namespace pgconcord::net {
namespace {

int option(const Descriptor& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket.get(), level, name, &value, &size), 0);
  return value;
}

TEST(Tune, FindsDeadPeersAndLeavesLivingOnesAlone) {
  const SocketPair pair;  // accepted sockets inherit from the listener
  EXPECT_EQ(option(pair.ours, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(pair.ours, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(pair.ours, IPPROTO_TCP, TCP_KEEPIDLE), 60);
  // It would end a connection whose peer takes long to read, as behind a pager or a lock.
  EXPECT_EQ(option(pair.ours, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
}

TEST(ListenOn, DoesNotShareAPortByAccident) {
  const Listening first;
  const auto second = listen_on(first.bound);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().error_number, EADDRINUSE);
  EXPECT_EQ(other_listeners(first.socket.get()), 0U);
}

TEST(ListenOn, TakesAPortOverBesideItsListener) {
  for (const char* text : {"127.0.0.1:0", "[::1]:0"}) {
    const Listening first(text);
    const auto second = listen_on(first.bound, Sharing::TakeOver);
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(other_listeners(first.socket.get()), 1U);
    leave_new_clients(first.socket.get(), 1);
    std::vector<Descriptor> clients;
    for (int i = 0; i < 50; ++i) {
      clients.push_back(connect_to(first.bound));
      EXPECT_TRUE(Descriptor(::accept(second->get(), nullptr, nullptr)).is_open())
          << text << " client " << i;
    }
  }
}

TEST(ListenOn, TakesAFreePortAsIfNobodyHadBeenThere) {
  policies::Address freed = Listening().bound;
  EXPECT_TRUE(listen_on(freed, Sharing::TakeOver));
}

}  // namespace
}  // namespace pgconcord::net
