#include "proxy/net/log.h"

#include <gtest/gtest.h>

namespace pgconcord::net {
namespace {

TEST(Log, LeavesPlainWordsAsTheyAre) { EXPECT_EQ(quoted("127.0.0.1:5432"), "127.0.0.1:5432"); }

TEST(Log, QuotesWhatCouldForgeAKeyOrALine) {
  EXPECT_EQ(quoted("a b"), R"("a b")");
  EXPECT_EQ(quoted(""), R"("")");
  EXPECT_EQ(quoted("x level=critical"), R"("x level=critical")");
  EXPECT_EQ(quoted("a\nstarted"), R"("a\u000astarted")");
  EXPECT_EQ(quoted(R"(say "hi" \)"), R"("say \"hi\" \\")");
}

TEST(Log, TurnsALineIntoJsonMembers) {
  EXPECT_EQ(json_members("reloaded now policies=3 path=\"a b\" empty= end=x"),
            R"("message":"reloaded now","policies":"3","path":"a b","empty":"","end":"x")");
}

TEST(Log, KeepsEscapesOfQuotedValuesInJson) {
  EXPECT_EQ(json_members("event user=" + quoted("a\"b\nc")),
            R"("message":"event","user":"a\"b\u000ac")");
}

TEST(Log, EscapesAMessageThatIsNoFields) {
  EXPECT_EQ(json_members("said \"hi\""), R"("message":"said \"hi\"")");
}

}  // namespace
}  // namespace pgconcord::net
