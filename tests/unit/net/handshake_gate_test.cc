#include "proxy/net/handshake_gate.h"

#include <gmock/gmock.h>

#include "tests/unit/net/loopback.h"

namespace pgconcord::net {
namespace {

struct Visitor final : HandshakeGate::Visitor {
  Visitor(std::vector<int>& all_turns, int own_number) : turns(all_turns), number(own_number) {}
  void on_turn() override { turns.push_back(number); }
  std::vector<int>& turns;
  int number;
};

struct HandshakeGateTest : testing::Test {
  ~HandshakeGateTest() override { gate.close(); }
  TestLoop loop;
  HandshakeGate gate{*loop.get(), 2};
  std::vector<int> turns;
  Visitor one{turns, 1}, two{turns, 2}, three{turns, 3}, four{turns, 4};
};

TEST_F(HandshakeGateTest, ThoseBeyondThePlacesWaitInTheirOrder) {
  EXPECT_TRUE(gate.enter(one));
  EXPECT_TRUE(gate.enter(two));
  EXPECT_FALSE(gate.enter(three));
  EXPECT_FALSE(gate.enter(four));
  gate.leave(two);
  EXPECT_TRUE(turns.empty()) << "only from the top of the loop";
  ASSERT_TRUE(loop.run_until([&] { return !turns.empty(); }));
  EXPECT_THAT(turns, testing::ElementsAre(3));
  gate.leave(one);
  ASSERT_TRUE(loop.run_until([&] { return turns.size() == 2; }));
  EXPECT_THAT(turns, testing::ElementsAre(3, 4));
}

TEST_F(HandshakeGateTest, WhoLeavesWhileWaitingTakesNoPlace) {
  gate.enter(one);
  gate.enter(two);
  gate.enter(three);
  gate.enter(four);
  gate.leave(three);
  gate.leave(one);
  ASSERT_TRUE(loop.run_until([&] { return !turns.empty(); }));
  EXPECT_THAT(turns, testing::ElementsAre(4));
}

}  // namespace
}  // namespace pgconcord::net
