#include "policies/policy.h"

#include <gtest/gtest.h>

namespace pgconcord::policies {
namespace {

TEST(Glob, MatchesTheWholeText) {
  EXPECT_TRUE(glob_matches("app", "app"));
  EXPECT_FALSE(glob_matches("app", "apps"));
  EXPECT_FALSE(glob_matches("app", "my-app"));
  EXPECT_FALSE(glob_matches("app", "App"));
}

TEST(Glob, StarStandsForAnyTextEvenNone) {
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("tenant_*", "tenant_"));
  EXPECT_TRUE(glob_matches("*_prod", "shop_prod"));
  EXPECT_TRUE(glob_matches("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(glob_matches("a*b*c", "a-c-b"));
  EXPECT_TRUE(glob_matches("**", "x"));
}

TEST(Glob, QuestionMarkStandsForOneByte) {
  EXPECT_TRUE(glob_matches("db?", "db1"));
  EXPECT_FALSE(glob_matches("db?", "db"));
  EXPECT_FALSE(glob_matches("db?", "db12"));
}

TEST(Glob, EmptyPatternMatchesOnlyEmptyText) {
  EXPECT_TRUE(glob_matches("", ""));
  EXPECT_FALSE(glob_matches("", "a"));
}

TEST(Glob, ManyStarsAgainstALongTextTakeNoExponentialTime) {
  std::string pattern;
  for (int index = 0; index < 50; ++index) pattern += "a*";
  EXPECT_FALSE(glob_matches(pattern + "b", std::string(5000, 'a')));
}

TEST(Glob, AnEmptyListMatchesEverything) {
  EXPECT_TRUE(any_glob_matches({}, "anything"));
  EXPECT_TRUE(any_glob_matches({"x", "any*"}, "anything"));
  EXPECT_FALSE(any_glob_matches({"x", "y"}, "anything"));
}

TEST(Labels, AreTheWordsOfTheConfigurationFile) {
  EXPECT_EQ(label(Mode::Observe), "observe");
  EXPECT_EQ(label(StatementKind::Copy), "copy");
  EXPECT_EQ(label(Action::ReturnExisting), "return_existing");
  EXPECT_EQ(label(Apply::OnViolation), "on_violation");
}

}  // namespace
}  // namespace pgconcord::policies
