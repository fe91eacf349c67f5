#include "policies/suspensions.h"

#include <gtest/gtest.h>

#include <thread>

namespace pgconcord::policies {
namespace {

const Suspension kOne{"signup", "public", "users", "app", "42P10"};

TEST(Suspensions, HoldForOnePolicyTableAndRoleOnly) {
  Suspensions suspensions;
  EXPECT_FALSE(suspensions.holds("signup", "public", "users", "app"));
  EXPECT_TRUE(suspensions.add(kOne));
  EXPECT_TRUE(suspensions.holds("signup", "public", "users", "app"));
  EXPECT_FALSE(suspensions.holds("other", "public", "users", "app"));
  EXPECT_FALSE(suspensions.holds("signup", "tenant", "users", "app"));
  EXPECT_FALSE(suspensions.holds("signup", "public", "orders", "app"));
  EXPECT_FALSE(suspensions.holds("signup", "public", "users", "admin"));
}

TEST(Suspensions, ASecondFailureIsNotNewWhateverItsCode) {
  Suspensions suspensions;
  suspensions.add(kOne);
  const std::uint64_t generation = suspensions.generation();
  Suspension again = kOne;
  again.sqlstate = "42501";
  EXPECT_FALSE(suspensions.add(again));
  EXPECT_EQ(suspensions.generation(), generation);
  EXPECT_EQ(suspensions.all(), std::vector{kOne});
}

TEST(Suspensions, EveryChangeRaisesTheGeneration) {
  Suspensions suspensions;
  const std::uint64_t before = suspensions.generation();
  suspensions.clear();
  EXPECT_EQ(suspensions.generation(), before);
  suspensions.add(kOne);
  EXPECT_EQ(suspensions.generation(), before + 1);
  suspensions.clear();
  EXPECT_EQ(suspensions.generation(), before + 2);
  EXPECT_FALSE(suspensions.holds("signup", "public", "users", "app"));
  EXPECT_TRUE(suspensions.add(kOne));
}

TEST(Suspensions, AreReportedOnce) {
  Suspensions suspensions;
  EXPECT_TRUE(suspensions.take_unreported().empty());
  suspensions.add(kOne);
  suspensions.add(kOne);
  EXPECT_EQ(suspensions.take_unreported(), std::vector{kOne});
  EXPECT_TRUE(suspensions.take_unreported().empty());
  suspensions.add({"other", "public", "users", "app", "42501"});
  suspensions.clear();
  EXPECT_EQ(suspensions.take_unreported().size(), 1U);
}

TEST(Suspensions, WorkersMayAddAndAskAtTheSameTime) {
  Suspensions suspensions;
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&, worker] {
      for (int i = 0; i < 100; ++i) {
        const std::string table = "t" + std::to_string(i);
        suspensions.add({"p" + std::to_string(worker), "public", table, "app", "42P10"});
        EXPECT_TRUE(suspensions.holds("p" + std::to_string(worker), "public", table, "app"));
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(suspensions.all().size(), 400U);
  EXPECT_EQ(suspensions.generation(), 400U);
}

}  // namespace
}  // namespace pgconcord::policies
