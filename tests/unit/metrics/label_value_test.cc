#include "metrics/label_value.h"

#include <gtest/gtest.h>

#include <string>

namespace pgconcord::metrics {
namespace {

TEST(LabelValue, KeepsNamesAsTheyAre) {
  EXPECT_EQ(label_value(""), "");
  EXPECT_EQ(label_value("users_email_key"), "users_email_key");
  EXPECT_EQ(label_value("We\"ird \\ name"), "We\"ird \\ name");
  EXPECT_EQ(label_value("gr\u00f6\u00dfe \u4e2d \U0001F600"), "gr\u00f6\u00dfe \u4e2d \U0001F600");
}

TEST(LabelValue, CutsAtSixtyThreeBytes) {
  EXPECT_EQ(label_value(std::string(63, 'a')), std::string(63, 'a'));
  EXPECT_EQ(label_value(std::string(100'000, 'a')), std::string(63, 'a'));
}

TEST(LabelValue, CutsBetweenCharacters) {
  EXPECT_EQ(label_value(std::string(62, 'a') + "\u00fc"), std::string(62, 'a'));
  EXPECT_EQ(label_value(std::string(61, 'a') + "\u00fc"), std::string(61, 'a') + "\u00fc");
  EXPECT_EQ(label_value(std::string(60, 'a') + "\U0001F600b"), std::string(60, 'a'));
}

TEST(LabelValue, ReplacesEveryByteThatIsNotUtf8) {
  EXPECT_EQ(label_value("a\xFFz"), "a?z");
  EXPECT_EQ(label_value("\x80\xBF"), "??");
  EXPECT_EQ(label_value("caf\xE9"), "caf?");           // LATIN1
  EXPECT_EQ(label_value("\xC3"), "?");                 // ends in the middle
  EXPECT_EQ(label_value("\xE2\x82"), "??");            // so does this
  EXPECT_EQ(label_value("\xC0\xAF"), "??");            // overlong
  EXPECT_EQ(label_value("\xE0\x80\xAF"), "???");       // overlong
  EXPECT_EQ(label_value("\xED\xA0\x80"), "???");       // a surrogate
  EXPECT_EQ(label_value("\xF4\x90\x80\x80"), "????");  // above U+10FFFF
  EXPECT_EQ(label_value("\xF0\x9F\x98z"), "???z");     // third byte missing
}

TEST(LabelValue, ReplacesNulAndControlCharacters) {
  EXPECT_EQ(label_value(std::string("a\0b", 3)), "a?b");
  EXPECT_EQ(label_value("a\nb\r\tc\x1B[0m\x7F"), "a?b??c?[0m?");
  EXPECT_EQ(label_value("a\u0085b"), "a?b");
  EXPECT_EQ(label_value("a\u00a0b"), "a\u00a0b");
}

}  // namespace
}  // namespace pgconcord::metrics
