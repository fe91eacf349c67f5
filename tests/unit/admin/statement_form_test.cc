#include "proxy/admin/statement_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgconcord::admin {
namespace {

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

TEST(StatementForm, JsonNamesTheStatementAndItsSession) {
  const auto asked = read_statement("application/json; charset=utf-8",
                                    R"({"sql": "SELECT 1", "user": "app", "more": 3})");
  ASSERT_TRUE(asked.has_value());
  EXPECT_EQ(asked->request.sql, "SELECT 1");
  EXPECT_EQ(asked->request.user, "app");
  EXPECT_FALSE(asked->from_form);
}

TEST(StatementForm, PlainTextIsTheStatement) {
  EXPECT_EQ(read_statement("text/plain", "SELECT '{'")->request.sql, "SELECT '{'");
  EXPECT_EQ(read_statement("", "SELECT 1")->request.sql, "SELECT 1");
}

TEST(StatementForm, FormsAreDecoded) {
  const auto asked =
      read_statement(kForm, "sql=INSERT+INTO+t+VALUES+%28%27a%26b%27%29&database=shop&x=y&&=");
  ASSERT_TRUE(asked.has_value());
  EXPECT_TRUE(asked->from_form);
  EXPECT_EQ(asked->request.sql, "INSERT INTO t VALUES ('a&b')");
  EXPECT_EQ(asked->request.database, "shop");
}

TEST(StatementForm, BrokenEscapesStayAsTheyAre) {
  EXPECT_EQ(read_statement(kForm, "sql=100%")->request.sql, "100%");
  EXPECT_EQ(read_statement(kForm, "sql=%4")->request.sql, "%4");
  EXPECT_EQ(read_statement(kForm, "sql=%zz%41")->request.sql, "%zzA");
}

TEST(StatementForm, WithoutAStatementTheWayIsShown) {
  for (const char* body : {"", "[]", "{", "{}", R"({"sql": 3})", R"({"sql": ""})"}) {
    const auto asked = read_statement("application/json", body);
    ASSERT_FALSE(asked.has_value()) << body;
    EXPECT_THAT(asked.error(), testing::HasSubstr(R"({"sql": )"));
  }
  EXPECT_FALSE(read_statement(kForm, "INSERT INTO t").has_value());
  EXPECT_FALSE(read_statement("image/png", "SELECT 1").has_value());
}

}  // namespace
}  // namespace pgconcord::admin
