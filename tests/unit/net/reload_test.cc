#include "proxy/net/reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policies/load.h"

namespace pgconcord::net {
namespace {

TEST(Reload, TakesWhatCanChangeAndIgnoresNothing) {
  const auto running = policies::default_config();
  auto next = running;
  next.mode = policies::Mode::Enforce;
  next.upstream.connect_timeout = std::chrono::milliseconds(123);
  next.limits.max_clients = 7;
  EXPECT_THAT(keep_fixed_settings(running, next), testing::IsEmpty());
  EXPECT_EQ(next.mode, policies::Mode::Enforce);
  EXPECT_EQ(next.upstream.connect_timeout, std::chrono::milliseconds(123));
  EXPECT_EQ(next.limits.max_clients, 7U);
}

TEST(Reload, NamesEverySettingThatNeedsARestartAndKeepsItsValue) {
  const auto running = policies::default_config();
  auto next = running;
  next.listeners.front().address.port = 1;
  next.upstream.addresses.front().port = 2;
  next.upstream.connect_timeout = std::chrono::milliseconds(123);
  next.admin.address.port = 3;
  next.workers = 4;
  next.limits.plan_cache = 5;
  next.metrics.max_applications = 6;
  EXPECT_THAT(keep_fixed_settings(running, next),
              testing::ElementsAre("listen", "upstream", "admin", "workers", "limits.plan_cache",
                                   "metrics"));
  EXPECT_EQ(next.listeners.front().address, running.listeners.front().address);
  EXPECT_EQ(next.upstream.addresses, running.upstream.addresses);
  EXPECT_EQ(next.upstream.connect_timeout, std::chrono::milliseconds(123));
  EXPECT_EQ(next.admin.address, running.admin.address);
  EXPECT_EQ(next.workers, running.workers);
}

}  // namespace
}  // namespace pgconcord::net
