#include "proxy/console/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/console/encoding.h"

namespace pgconcord::console {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Identity who() { return {"pgconcord", "ops", "psql", "0.1.0", 42}; }

Statement read(std::string_view sql) {
  auto statement = read_statement(sql, who());
  EXPECT_TRUE(statement.has_value()) << sql;
  return statement.value_or(Statement{});
}

Refusal refused(std::string_view sql) {
  auto statement = read_statement(sql, who());
  EXPECT_FALSE(statement.has_value()) << sql;
  return statement ? Refusal{} : statement.error();
}

std::vector<std::string> row_of(std::string_view sql) {
  std::vector<std::string> texts;
  const Statement statement = read(sql);
  EXPECT_EQ(statement.kind, Kind::Tells) << sql;
  EXPECT_EQ(statement.rows.size(), 1U) << sql;
  if (statement.rows.empty()) return texts;
  for (const Value& value : statement.rows[0]) texts.push_back(as_text(value));
  EXPECT_EQ(statement.rows[0].size(), statement.columns.size());
  return texts;
}

TEST(Statement, EveryTopicIsAskedForInAnyCase) {
  const std::vector<std::pair<const char*, Topic>> topics = {
      {"SHOW VIOLATIONS", Topic::Violations},     {"show policies", Topic::Policies},
      {"Show Rewrites", Topic::Rewrites},         {"SHOW LEFT_ALONE", Topic::LeftAlone},
      {"SHOW suggestions", Topic::Suggestions},   {"SHOW SESSIONS", Topic::Sessions},
      {"SHOW CATALOG", Topic::Catalog},           {"SHOW CONFIG", Topic::Config},
      {"SHOW/* x */VERSION -- y", Topic::Version}};
  for (const auto& [sql, topic] : topics) {
    const Statement statement = read(sql);
    EXPECT_EQ(statement.kind, Kind::Asks) << sql;
    EXPECT_EQ(statement.question.topic, topic) << sql;
    EXPECT_EQ(statement.tag, "SHOW");
    EXPECT_EQ(statement.columns, columns_of(topic));
    EXPECT_FALSE(statement.columns.empty());
  }
}

TEST(Statement, HelpListsWhatThereIs) {
  const Statement help = read("SHOW HELP");
  EXPECT_EQ(help.kind, Kind::Tells);
  std::string text;
  for (const Row& row : help.rows) text += as_text(row[0]) + "\n";
  for (const char* each :
       {"SHOW VIOLATIONS\n", "SHOW LEFT_ALONE\n", "SHOW HELP\n", "EXPLAIN REWRITE <sql>\n",
        "RELOAD\n", "SET POLICY <name> MODE <mode>\n"}) {
    EXPECT_THAT(text, HasSubstr(each));
  }
}

TEST(Statement, ExplainKeepsTheTextAsItIs) {
  const Statement statement = read("explain /* a */ rewrite INSERT INTO \"T\" VALUES ('SHOW', $1)");
  EXPECT_EQ(statement.question.topic, Topic::Explain);
  EXPECT_EQ(statement.question.text, "INSERT INTO \"T\" VALUES ('SHOW', $1)");
  EXPECT_EQ(refused("EXPLAIN REWRITE").sqlstate, "42601");
  EXPECT_THAT(refused("EXPLAIN SELECT 1").hint, HasSubstr("SHOW HELP"));
}

TEST(Statement, APolicysNameIsReadWithItsHyphens) {
  for (const char* sql :
       {"SET POLICY signup-email-2 MODE enforce", "set policy 'signup-email-2' mode 'enforce'",
        "SET POLICY \"signup-email-2\" MODE Enforce"}) {
    const Statement statement = read(sql);
    EXPECT_EQ(statement.question.topic, Topic::SetPolicy) << sql;
    EXPECT_EQ(statement.question.text, "signup-email-2") << sql;
    EXPECT_EQ(statement.question.mode, "enforce") << sql;
    EXPECT_EQ(statement.tag, "SET");
    EXPECT_TRUE(statement.columns.empty());
  }
  for (const char* sql : {"SET POLICY", "SET POLICY a", "SET POLICY a MODE", "SET POLICY MODE off",
                          "SET POLICY a MODE = 3", "SET POLICY a MODUS off"}) {
    EXPECT_THAT(refused(sql).hint, HasSubstr("SET POLICY <name> MODE")) << sql;
  }
}

TEST(Statement, WhatDriversSetIsAccepted) {
  for (const char* sql :
       {"SET extra_float_digits = 3", "SET application_name = 'x'", "SET SESSION TIME ZONE 'UTC'",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET TRANSACTION READ ONLY",
        "SET LOCAL statement_timeout TO 3", "SET client_encoding TO 'UTF8'", "SET NAMES 'utf-8'",
        "SET client_encoding = SQL_ASCII", "RESET ALL", "DISCARD ALL", "UNLISTEN *", "CLOSE ALL",
        "SAVEPOINT a", "RELEASE SAVEPOINT a"}) {
    EXPECT_EQ(read(sql).kind, Kind::Nothing) << sql;
  }
  EXPECT_EQ(read("DISCARD ALL").tag, "DISCARD ALL");
  EXPECT_EQ(read("CLOSE ALL").tag, "CLOSE CURSOR ALL");
}

TEST(Statement, AnotherEncodingIsRefused) {
  for (const char* sql : {"SET client_encoding TO 'LATIN1'", "SET NAMES 'sjis'",
                          "SET SESSION client_encoding = win1252"}) {
    EXPECT_EQ(refused(sql).sqlstate, "22023") << sql;
  }
}

TEST(Statement, SettingsDriversAskForAreTold) {
  EXPECT_THAT(row_of("SHOW TRANSACTION ISOLATION LEVEL"), ElementsAre("read committed"));
  EXPECT_EQ(read("SHOW TRANSACTION ISOLATION LEVEL").columns[0].name, "transaction_isolation");
  EXPECT_THAT(row_of("SHOW server_version"), ElementsAre("15.0 (pgconcord 0.1.0)"));
  EXPECT_THAT(row_of("SHOW TIME ZONE"), ElementsAre("UTC"));
  EXPECT_THAT(row_of("show client_encoding"), ElementsAre("UTF8"));
  EXPECT_THAT(row_of("SHOW session authorization"), ElementsAre("ops"));
  EXPECT_THAT(refused("SHOW work_mem").hint, HasSubstr("SHOW HELP"));
}

TEST(Statement, ConstantsAndSessionFunctionsAreSelected) {
  EXPECT_THAT(row_of("SELECT 1"), ElementsAre("1"));
  EXPECT_THAT(row_of("select 1 as one, 'it''s' two, true, NULL"),
              ElementsAre("1", "it's", "t", ""));
  EXPECT_THAT(row_of("SELECT current_database(), current_user, pg_catalog.pg_backend_pid()"),
              ElementsAre("pgconcord", "ops", "42"));
  EXPECT_THAT(row_of("SELECT current_setting('server_version_num') AS \"N\""),
              ElementsAre("150000"));
  EXPECT_THAT(row_of("SELECT version()")[0], HasSubstr("pgconcord 0.1.0"));
  EXPECT_THAT(row_of("SELECT pg_is_in_recovery()"), ElementsAre("f"));
  const Statement named = read("SELECT 9000000000 AS big, current_schema() \"S\"");
  EXPECT_EQ(named.columns[0], (Column{"big", Type::Int8}));
  EXPECT_EQ(named.columns[1], (Column{"S", Type::Name}));
  EXPECT_EQ(read("SELECT 1").columns[0], (Column{"?column?", Type::Int4}));
}

TEST(Statement, OtherSelectsAreRefusedWithTheWayOut) {
  for (const char* sql : {"SELECT", "SELECT * FROM violations", "SELECT 1 FROM t", "SELECT 1,",
                          "SELECT count(*)", "SELECT 1 + 1", "SELECT 99999999999999999999",
                          "SELECT pg_catalog.", "SELECT current_setting('x')", "SELECT 1 1",
                          "SELECT version(1)", "SELECT 1.5", "SELECT $1"}) {
    EXPECT_THAT(refused(sql).hint, HasSubstr("SHOW HELP")) << sql;
  }
}

TEST(Statement, TransactionsBeginAndEnd) {
  EXPECT_EQ(read("BEGIN ISOLATION LEVEL SERIALIZABLE").kind, Kind::Begin);
  EXPECT_EQ(read("start transaction").tag, "START TRANSACTION");
  EXPECT_EQ(read("END").kind, Kind::Commit);
  EXPECT_EQ(read("COMMIT").tag, "COMMIT");
  EXPECT_EQ(read("ABORT").kind, Kind::Rollback);
  EXPECT_EQ(read("ROLLBACK TO SAVEPOINT a").kind, Kind::RollbackTo);
}

TEST(Statement, PreparedStatementsAreNamed) {
  EXPECT_EQ(read("DEALLOCATE ALL").name, "");
  EXPECT_EQ(read("DEALLOCATE ALL").tag, "DEALLOCATE ALL");
  EXPECT_EQ(read("deallocate prepare \"S_1\"").name, "S_1");
  EXPECT_EQ(read("DEALLOCATE _pg3_0").name, "_pg3_0");
}

TEST(Statement, WhatIsUnknownPointsToHelp) {
  for (const char* sql :
       {"INSERT INTO t VALUES (1)", "SHOW", "VACUUM", "1", "'x'", "(SELECT 1)", "RELOAD now",
        "SHOW VIOLATIONS please", "\x01\xFF", "SET", "/*", "\"SHOW\" HELP"}) {
    auto statement = read_statement(sql, who());
    if (std::string_view(sql) == "/*") {
      EXPECT_EQ(statement->kind, Kind::Empty);
      continue;
    }
    ASSERT_FALSE(statement.has_value()) << sql;
    EXPECT_EQ(statement.error().hint, "Use SHOW HELP for a list.") << sql;
  }
}

TEST(Statement, NothingButSpaceAndCommentsIsEmpty) {
  for (const char* sql : {"", "  \n", "-- ping", "/* a /* b */ c */"}) {
    EXPECT_EQ(read(sql).kind, Kind::Empty) << sql;
  }
}

}  // namespace
}  // namespace pgconcord::console
