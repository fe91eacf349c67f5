#include "proxy/session/accounts.h"

#include <gtest/gtest.h>

#include <string>

#include "proxy/session/command_facts.h"

namespace pgconcord::session {
namespace {

using parser::Command;

class AccountsTest : public testing::Test {
 protected:
  void expect_line(const std::string& line) {
    const std::string text = registry_.render();
    EXPECT_NE(text.find('\n' + line + '\n'), std::string::npos) << line << "\n" << text;
  }
  metrics::Registry registry_{metrics::Caps{}};
  Accounts accounts_{registry_.make_shard()};
};

TEST_F(AccountsTest, StatementsAreCountedByCommandAndProtocol) {
  DatabaseCells& shop = accounts_.database("shop");
  for (const char* tag : {"INSERT", "UPDATE", "DELETE", "SELECT", "COPY", "CREATE TABLE", ""}) {
    accounts_.statement(shop, tag, true);
  }
  accounts_.statement(shop, "INSERT", false);
  accounts_.statement(shop, "INSERT", false);
  for (const char* command : {"insert", "update", "delete", "select", "copy"}) {
    expect_line("pgconcord_statements_total{database=\"shop\",command=\"" + std::string(command) +
                "\",protocol=\"extended\"} 1");
  }
  expect_line(
      "pgconcord_statements_total{database=\"shop\",command=\"other\",protocol=\"extended\"} 2");
  expect_line(
      "pgconcord_statements_total{database=\"shop\",command=\"insert\",protocol=\"simple\"} 2");
}

TEST_F(AccountsTest, DatabasesHaveCellsOfTheirOwnThatStay) {
  DatabaseCells& shop = accounts_.database("shop");
  DatabaseCells& other = accounts_.database("other");
  EXPECT_NE(&shop, &other);
  EXPECT_EQ(&shop, &accounts_.database("shop"));
  accounts_.statement(shop, "SELECT", false);
  accounts_.statement(other, "SELECT", false);
  expect_line(
      "pgconcord_statements_total{database=\"other\",command=\"select\",protocol=\"simple\"} 1");
}

TEST_F(AccountsTest, AnSqlstateThatIsNoneHasNoClass) {
  const DatabaseCells& shop = accounts_.database("shop");
  accounts_.error(shop, "23505");
  accounts_.error(shop, "");
  accounts_.error(shop, "235051");
  expect_line("pgconcord_errors_total{database=\"shop\",sqlstate_class=\"23\"} 1");
  expect_line("pgconcord_errors_total{database=\"shop\",sqlstate_class=\"?\?\"} 2");
}

TEST_F(AccountsTest, WhatWasAbsorbedCarriesTheNamesOfTheDecision) {
  policies::Policy policy;
  policy.name = "signup";
  policies::Decision decision;
  decision.policy = &policy;
  decision.schema = "public";
  decision.table_name = "users";
  decision.constraint = "users_email_key";
  const DatabaseCells& shop = accounts_.database("shop");
  accounts_.rewrite(shop, decision, "rewritten");
  accounts_.absorbed(shop, decision, "up_front", 3);
  accounts_.left_alone(policy, policies::Reason::Guarded);
  accounts_.rewrite_error(policy, "42P10");
  expect_line(
      "pgconcord_rewrites_total{policy=\"signup\",database=\"shop\",schema=\"public\",table="
      "\"users\","
      "result=\"rewritten\"} 1");
  expect_line(
      "pgconcord_conflicts_absorbed_total{policy=\"signup\",database=\"shop\",schema=\"public\","
      "table=\"users\",constraint=\"users_email_key\",apply=\"up_front\"} 3");
  expect_line("pgconcord_left_alone_total{policy=\"signup\",reason=\"guarded\"} 1");
  expect_line("pgconcord_rewrite_errors_total{policy=\"signup\",sqlstate=\"42P10\"} 1");
}

TEST_F(AccountsTest, SessionsComeAndGo) {
  accounts_.sessions_open.add();
  accounts_.sessions_open.add();
  accounts_.sessions_open.add(-1);
  expect_line("pgconcord_client_connections{state=\"open\"} 1");
}

TEST(CommandFacts, TransactionEndsAndConstraintChecksAreCommits) {
  EXPECT_EQ(facts_of(Command::Insert).write, metrics::WriteKind::Insert);
  EXPECT_EQ(facts_of(Command::Copy).write, metrics::WriteKind::Copy);
  EXPECT_EQ(facts_of(Command::Commit).write, metrics::WriteKind::Commit);
  EXPECT_EQ(facts_of(Command::SetConstraints).write, metrics::WriteKind::Commit);
  EXPECT_EQ(facts_of(Command::Ddl).write, metrics::WriteKind::Ddl);
  EXPECT_EQ(facts_of(Command::Select).write, metrics::WriteKind::Other);
}

}  // namespace
}  // namespace pgconcord::session
