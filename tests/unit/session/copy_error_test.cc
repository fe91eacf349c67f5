#include "proxy/session/copy_error.h"

#include <gtest/gtest.h>

#include "tests/support/message_text.h"

namespace pgconcord::session {
namespace {

constexpr CopyNames kNames{"shop", "users", "users_email_key"};

std::string told(std::string_view line, std::uint32_t position = 0, std::string_view context = "") {
  const auto raw = test_support::message_bytes(line);
  EXPECT_TRUE(raw) << line;
  return test_support::message_lines(test_support::Side::Server,
                                     told_of_copy(*raw, kNames, position, context));
}

TEST(ToldOfCopy, OurNamesAreTheClients) {
  const std::string ours =
      "ErrorResponse S=ERROR C=23505 M=\"in __pgconcord_key\" W=\"COPY __pgconcord_copy, line 3\" "
      "s=pg_temp_3 t=__pgconcord_copy n=__pgconcord_key";
  const std::string theirs =
      "ErrorResponse S=ERROR C=23505 M=\"in users_email_key\" W=\"COPY users, line 3\" "
      "s=shop t=users n=users_email_key";
  EXPECT_EQ(told(ours), told(theirs));
}

TEST(ToldOfCopy, OtherTablesAndValuesKeepTheirs) {
  const std::string line =
      "ErrorResponse S=ERROR C=23503 M=\"x\" D=\"Key (a)=(__pgconcord_copy)\" s=public t=other n=k";
  const auto raw = test_support::message_bytes(line);
  EXPECT_EQ(told(line), test_support::message_lines(test_support::Side::Server, *raw));
}

TEST(ToldOfCopy, APositionIsReplacedOrLeftOut) {
  const std::string without = "ErrorResponse S=ERROR C=42703 M=\"x\"";
  EXPECT_EQ(told(without + " P=70", 7), told(without + " P=7", 7));
  EXPECT_EQ(told(without + " P=70"), told(without));
}

TEST(ToldOfCopy, AContextIsAddedBehindTheOneThatIsThere) {
  const std::string without = "ErrorResponse S=ERROR C=23514 M=\"x\"";
  EXPECT_EQ(told(without, 0, "COPY users"), told(without + " W=\"COPY users\""));
  EXPECT_EQ(told(without + " W=\"PL/pgSQL\"", 0, "COPY users"),
            told(without + " W=\"PL/pgSQL\\nCOPY users\""));
}

TEST(ToldOfCopy, ANameThatHoldsOursEndsTheReplacing) {
  const CopyNames names{"s", "x__pgconcord_copy", "k"};
  const std::string start = "ErrorResponse S=ERROR C=22P02 W=\"COPY ";
  const auto raw = test_support::message_bytes(start + "__pgconcord_copy, line 1\"");
  const auto wanted = test_support::message_bytes(start + "x__pgconcord_copy, line 1\"");
  EXPECT_EQ(told_of_copy(*raw, names, 0, ""), *wanted);
}

}  // namespace
}  // namespace pgconcord::session
