#include "policies/change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgconcord::policies {
namespace {

using testing::HasSubstr;

Config config(std::string_view ceiling) {
  return load_text("mode: " + std::string(ceiling) +
                       "\npolicies:\n"
                       "  - {name: a, table: p.t, constraint: k, action: do_nothing}\n"
                       "  - {name: b, table: p.u, constraint: k, action: do_nothing}\n",
                   "test.yaml")
      .value();
}

TEST(Change, OnePolicyGetsTheMode) {
  const auto changed = with_policy_mode(config("enforce"), "b", Mode::Observe);
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(changed->policies[0].mode, Mode::Enforce);
  EXPECT_EQ(changed->policies[1].mode, Mode::Observe);
  EXPECT_EQ(changed->policies[1].written_mode, Mode::Enforce);
}

TEST(Change, GoesUpToTheCeilingAndNotAbove) {
  EXPECT_TRUE(with_policy_mode(config("observe"), "a", Mode::Off).has_value());
  EXPECT_TRUE(with_policy_mode(config("observe"), "a", Mode::Observe).has_value());
  const auto refused = with_policy_mode(config("observe"), "a", Mode::Enforce);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().obstacle, Obstacle::AboveCeiling);
  EXPECT_THAT(refused.error().help, HasSubstr("mode: enforce"));
}

TEST(Change, OfAnUnknownPolicyNamesThoseThereAre) {
  const auto refused = with_policy_mode(config("enforce"), "c", Mode::Off);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().obstacle, Obstacle::NoSuchPolicy);
  EXPECT_EQ(refused.error().help, "the policies are a, b");
  EXPECT_EQ(with_policy_mode(default_config(), "a", Mode::Off).error().help,
            "the configuration has no policies");
}

TEST(Change, ModesAreNamedInAnyCase) {
  EXPECT_EQ(mode_named("Enforce").value(), Mode::Enforce);
  EXPECT_EQ(mode_named("OFF").value(), Mode::Off);
  EXPECT_EQ(mode_named("on").error().obstacle, Obstacle::Invalid);
}

}  // namespace
}  // namespace pgconcord::policies
