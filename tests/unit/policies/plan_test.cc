#include "policies/plan.h"

#include <gtest/gtest.h>

#include <string>

namespace pgconcord::policies {
namespace {

Column column(std::string name, std::int16_t number) {
  Column made;
  made.name = std::move(name);
  made.number = number;
  made.may_select = made.may_update = true;
  return made;
}

Catalog catalog_with_users() {
  UniqueIndex key;
  key.oid = 11;
  key.name = "users_email_key";
  key.columns = key.referenced_columns = {"email"};
  key.elements = "email";
  Table users;
  users.oid = 10;
  users.schema = "public";
  users.name = "users";
  users.columns = {column("email", 1), column("name", 2)};
  users.indexes = {key};
  return Catalog("app", 150000, {users});
}

class Planning : public testing::Test {
 protected:
  Planning() {
    policies_[0].name = "signup";
    policies_[0].schema = "public";
    policies_[0].table = "users";
    policies_[0].constraint = "users_email_key";
    policies_[0].action = Action::DoUpdate;
    selection_ = select(policies_, "db", "app", "web", 0, 1);
    situation_.selection = &selection_;
    situation_.catalog = &catalog_;
    situation_.suspensions = &suspensions_;
    situation_.table = 10;
  }

  PlanRef plan(std::string_view sql, std::size_t index = 0) {
    parser::outline(sql, outline_);
    return cache_.plan(sql, outline_, index, situation_);
  }
  ShapeRef shape(std::string_view sql) {
    parser::outline(sql, outline_);
    return cache_.shape(sql, outline_);
  }

  std::vector<Policy> policies_{1};
  Catalog catalog_ = catalog_with_users();
  Suspensions suspensions_;
  Selection selection_;
  Situation situation_;
  parser::Outline outline_;
  PlanCache cache_{PlanLimits{.parse_bytes = 4096, .parse_depth = 100, .entries = 3}};
};

constexpr std::string_view kInsert = "INSERT INTO users (email, name) VALUES ('a', 'b')";
constexpr std::string_view kClause = "ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name";

TEST_F(Planning, ARewriteHasItsClauseRenderedAndProven) {
  const PlanRef made = plan(kInsert);
  EXPECT_EQ(made->decision.reason, Reason::None);
  EXPECT_EQ(made->clause, kClause);
}

TEST_F(Planning, OtherLiteralsOfTheSameTemplateHit) {
  const PlanRef made = plan(kInsert);
  EXPECT_EQ(plan("INSERT INTO users (email, name) VALUES ('c', 'it''s') -- again"), made);
  EXPECT_EQ(cache_.misses(), 1U);
  EXPECT_EQ(cache_.hits(), 1U);
  EXPECT_EQ(cache_.entries(), 1U);
}

TEST_F(Planning, AThousandRowsAreOneTemplateAndParsedShort) {
  std::string bulk = "INSERT INTO users (email, name) VALUES ('a', 'b')";
  const PlanRef two = plan(bulk + ", ('c', 'd')");
  for (int row = 0; row < 1000; ++row) bulk += ", ('" + std::to_string(row) + "', 'x')";
  ASSERT_GT(bulk.size(), 4096U);  // beyond parse_bytes, were it not reduced
  const PlanRef many = plan(bulk);
  EXPECT_EQ(many->clause, kClause);
  EXPECT_EQ(many, two);
}

TEST_F(Planning, EveryStatementOfATextHasItsOwnPlan) {
  const std::string_view sql =
      "SELECT 1; INSERT INTO users (email, name) VALUES ('a', 'b'); INSERT INTO users (email) "
      "VALUES ('a')";
  EXPECT_EQ(plan(sql, 0)->decision.policy, nullptr);
  EXPECT_EQ(plan(sql, 1)->clause, kClause);
  EXPECT_EQ(plan(sql, 2)->clause, "ON CONFLICT (email) DO NOTHING");
  EXPECT_EQ(plan(sql, 3)->decision.policy, nullptr);  // there is none
  EXPECT_EQ(cache_.entries(), 1U);
}

TEST_F(Planning, EveryPartOfTheSituationMakesAnotherPlan) {
  const PlanRef first = plan(kInsert);
  situation_.guarded = true;
  EXPECT_EQ(plan(kInsert)->decision.reason, Reason::Guarded);
  situation_.guarded = false;
  situation_.table = 99;
  EXPECT_EQ(plan(kInsert)->decision.reason, Reason::CatalogUnknown);
  situation_.table = 10;
  situation_.catalog = nullptr;
  EXPECT_EQ(plan(kInsert)->decision.reason, Reason::CatalogUnknown);
  const Catalog reloaded = catalog_with_users();
  situation_.catalog = &reloaded;
  EXPECT_NE(plan(kInsert), first);
  situation_.catalog = &catalog_;
  EXPECT_EQ(plan(kInsert), first);
  suspensions_.add({"signup", "public", "users", "app", "42P10"});
  EXPECT_EQ(plan(kInsert)->decision.reason, Reason::Suspended);
  suspensions_.clear();
  EXPECT_EQ(plan(kInsert)->decision.reason, Reason::None);
}

TEST_F(Planning, AnotherSelectionMakesAnotherPlan) {
  plan(kInsert);
  policies_[0].action = Action::DoNothing;
  selection_ = select(policies_, "db", "app", "web", 0, 2);
  EXPECT_EQ(plan(kInsert)->clause, "ON CONFLICT (email) DO NOTHING");
}

TEST_F(Planning, AfterAViolationPlansAreCachedByTheNamesOfTheViolation) {
  plan(kInsert);
  situation_.moment = Moment::AfterViolation;
  situation_.violated_schema = "public";
  situation_.violated_table = "users";
  situation_.violated_constraint = "users_email_key";
  const PlanRef first = plan(kInsert);
  EXPECT_EQ(first->clause, kClause);
  EXPECT_EQ(plan(kInsert), first);
  situation_.violated_constraint = "users_pkey";
  EXPECT_EQ(plan(kInsert)->decision.policy, nullptr);
  EXPECT_EQ(cache_.hits(), 1U);
  EXPECT_EQ(cache_.misses(), 3U);
}

TEST_F(Planning, ForgedNamesOfAViolationAreNotKept) {
  situation_.moment = Moment::AfterViolation;
  const std::string forged(1000, 'x');
  situation_.violated_schema = situation_.violated_table = situation_.violated_constraint = forged;
  EXPECT_NE(plan(kInsert), plan(kInsert));
}

TEST_F(Planning, WhatDoesNotParseIsRememberedToo) {
  const std::string_view sql = "INSERT INTO users (email) VALUES (JSON_OBJECT('a': 1))";
  EXPECT_EQ(shape(sql)->reason, Reason::Parse);
  EXPECT_EQ(shape(sql)->reason, Reason::Parse);
  EXPECT_EQ(cache_.parse_failures(), 1U);
  EXPECT_EQ(cache_.hits(), 1U);
  EXPECT_EQ(plan(sql)->decision.reason, Reason::Parse);
  EXPECT_EQ(plan(sql)->decision.policy, nullptr);
}

TEST_F(Planning, SizeAndDepthAreBoundedBeforeTheGrammarRuns) {
  const std::string deep = "INSERT INTO users (email) VALUES (" + std::string(200, '(') + "1" +
                           std::string(200, ')') + ")";
  EXPECT_EQ(shape(deep)->reason, Reason::TooDeep);
  const std::string large = "INSERT INTO users (email) SELECT '" + std::string(5000, 'x') + "'";
  EXPECT_EQ(shape(large)->reason, Reason::TooLarge);
  EXPECT_EQ(cache_.parse_failures(), 0U);
}

TEST_F(Planning, APolicyWhoseExpressionBreaksOutOfTheClauseIsNotProven) {
  for (const char* expression : {"1 RETURNING *", "1; DROP TABLE users", "1)", "(1", "'x"}) {
    policies_[0].set = {{"name", expression}};
    selection_ = select(policies_, "db", "app", "web", 0, 1);
    cache_ = PlanCache(PlanLimits{});
    const PlanRef made = plan(kInsert);
    EXPECT_EQ(made->decision.reason, Reason::Proof) << expression << " -> " << made->clause;
    EXPECT_EQ(made->clause, "");
  }
}

TEST_F(Planning, TheTemplateUsedLongestAgoMakesRoom) {
  const PlanRef first = plan("INSERT INTO users (email) VALUES ('a')");
  plan("INSERT INTO users (name) VALUES ('a')");
  plan("INSERT INTO users (email, name) VALUES ('a', 'b')");
  EXPECT_EQ(plan("INSERT INTO users (email) VALUES ('x')"), first);
  plan("INSERT INTO users (name, email) VALUES ('a', 'b')");  // sends (name) away
  EXPECT_EQ(cache_.entries(), 3U);
  EXPECT_EQ(plan("INSERT INTO users (email) VALUES ('y')"), first);
  const std::uint64_t misses = cache_.misses();
  plan("INSERT INTO users (name) VALUES ('a')");
  EXPECT_EQ(cache_.misses(), misses + 1);
}

TEST_F(Planning, PlansOfOneTemplateAreBoundedToo) {
  for (Oid table = 100; table < 400; ++table) {
    situation_.table = table;
    plan(kInsert);
  }
  EXPECT_EQ(cache_.misses(), 300U);
  plan(kInsert);  // the latest is still there
  EXPECT_EQ(cache_.hits(), 1U);
  situation_.table = 100;
  plan(kInsert);  // the first is not
  EXPECT_EQ(cache_.misses(), 301U);
}

}  // namespace
}  // namespace pgconcord::policies
