#include "proxy/net/errands.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace pgconcord::net {
namespace {

using policies::Change;
using policies::InForce;
using policies::Obstacle;

class ErrandsTest : public testing::Test {
 protected:
  // Asks on a thread of its own; the test is the loop.
  std::future<Change> asked(Errands::Work work) {
    auto asking = std::async(std::launch::async, [this, work] { return errands_.ask(work); });
    while (wakes_ == 0) std::this_thread::yield();
    wakes_ = 0;
    return asking;
  }

  std::atomic<int> wakes_{0};
  Errands errands_{[this] { ++wakes_; }};
};

TEST_F(ErrandsTest, AreDoneOnTheLoopsThreadAndAnswered) {
  std::thread::id where;
  auto asking = asked([&where](const Errands::Reply& reply) {
    where = std::this_thread::get_id();
    reply(InForce{.generation = 7});
  });
  errands_.run();
  EXPECT_EQ(asking.get()->generation, 7U);
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST_F(ErrandsTest, MayBeAnsweredLater) {
  Errands::Reply kept;
  auto asking = asked([&kept](const Errands::Reply& reply) { kept = reply; });
  errands_.run();
  kept(InForce{.generation = 8});
  kept(InForce{.generation = 9});  // too late
  EXPECT_EQ(asking.get()->generation, 8U);
}

TEST_F(ErrandsTest, AreNotWaitedForWhenTheLoopEnds) {
  Errands::Reply kept;
  auto started = asked([&kept](const Errands::Reply& reply) { kept = reply; });
  errands_.run();
  auto waiting = asked([](const Errands::Reply& reply) { reply(InForce{}); });
  errands_.close();
  EXPECT_EQ(started.get().error().obstacle, Obstacle::Unavailable);
  EXPECT_EQ(waiting.get().error().obstacle, Obstacle::Unavailable);
  EXPECT_EQ(errands_.ask([](const Errands::Reply&) {}).error().message, "the proxy is ending");
}

}  // namespace
}  // namespace pgconcord::net
