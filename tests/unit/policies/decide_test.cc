// What needs hand-made values: session selection, tables no golden catalog has, statements no SQL
// yields. The decision table itself is tests/golden/decide, run by decide_golden_test.cc.
#include "policies/decide.h"

#include <gtest/gtest.h>

namespace pgconcord::policies {
namespace {

Policy policy(std::string name, std::string schema, std::string constraint) {
  Policy made;
  made.name = std::move(name);
  made.schema = std::move(schema);
  made.table = "users";
  made.constraint = std::move(constraint);
  return made;
}

Table users(Oid oid, std::string schema) {
  Column email;
  email.name = "email";
  email.number = 1;
  email.may_select = email.may_update = email.in_any_index = true;
  UniqueIndex key;
  key.oid = oid + 1;
  key.name = "users_email_key";
  key.columns = key.referenced_columns = {"email"};
  key.elements = "email";
  Table made;
  made.oid = oid;
  made.schema = std::move(schema);
  made.name = "users";
  made.columns = {email};
  made.indexes = {key};
  return made;
}

parser::Insert insert_into(parser::RelationName table) {
  parser::Insert insert;
  insert.table = std::move(table);
  insert.columns = {"email"};
  insert.values.resize(1);
  return insert;
}

class Decide : public testing::Test {
 protected:
  Decision decide_for(const parser::Insert& insert, Oid table) {
    selection_ = select(policies_, "db", "app", "web", 0, 1);
    situation_.selection = &selection_;
    situation_.catalog = &catalog_;
    situation_.table = table;
    return decide(insert, situation_);
  }

  std::vector<Policy> policies_{policy("signup", "public", "users_email_key")};
  Catalog catalog_{
      "app", 150000, {users(10, "public"), users(20, "pg_temp_3"), users(30, "other")}};
  Selection selection_;
  Situation situation_;
};

TEST_F(Decide, ATemporaryTableThatShadowsThePoliciesTableIsLeftAloneByName) {
  const Decision decision = decide_for(insert_into({"", "users"}), 20);
  EXPECT_EQ(decision.policy, &policies_[0]);
  EXPECT_EQ(decision.reason, Reason::Name);
  EXPECT_EQ(decision.schema, "public");  // a temporary schema is no label
}

TEST_F(Decide, ATemporaryTableIsNotOneOfAnySchema) {
  policies_[0].schema = "*";
  EXPECT_EQ(decide_for(insert_into({"", "users"}), 20).reason, Reason::Name);
  EXPECT_EQ(decide_for(insert_into({"pg_temp", "users"}), 20).policy, nullptr);
  EXPECT_EQ(decide_for(insert_into({"pg_temp_3", "users"}), 20).policy, nullptr);
}

TEST_F(Decide, ATableOfAnotherSchemaThatTheNameResolvesToConcernsNoPolicy) {
  EXPECT_EQ(decide_for(insert_into({"", "users"}), 30).policy, nullptr);
  EXPECT_EQ(decide_for(insert_into({"", "users"}), 10).reason, Reason::None);
}

TEST_F(Decide, AnOidThatTheCatalogDoesNotHaveIsUnknown) {
  const Decision decision = decide_for(insert_into({"", "users"}), 99);
  EXPECT_EQ(decision.policy, &policies_[0]);
  EXPECT_EQ(decision.reason, Reason::CatalogUnknown);
}

TEST_F(Decide, AViolationOfAnotherTableThanTheResolvedOneConcernsNoPolicy) {
  situation_.moment = Moment::AfterViolation;
  situation_.violated_schema = "public";
  situation_.violated_table = "users";
  situation_.violated_constraint = "users_email_key";
  EXPECT_EQ(decide_for(insert_into({"", "users"}), 30).policy, nullptr);
  EXPECT_EQ(decide_for(insert_into({"", "users"}), 10).reason, Reason::None);
  EXPECT_EQ(decide_for(insert_into({"other", "users"}), 0).policy, nullptr);
}

TEST_F(Decide, WithoutASelectionNothingIsConcerned) {
  EXPECT_EQ(decide(insert_into({"public", "users"}), Situation{}).policy, nullptr);
}

TEST_F(Decide, PoliciesForOtherStatementsAreNotAsked) {
  policies_[0].statement = StatementKind::Update;
  EXPECT_EQ(decide_for(insert_into({"", "users"}), 10).policy, nullptr);
}

TEST_F(Decide, ARelkindThatIsNotYetKnownIsLeftAlone) {
  Table odd = users(40, "public");
  odd.relkind = 'X';
  catalog_ = Catalog("app", 150000, {odd});
  EXPECT_EQ(decide_for(insert_into({"", "users"}), 40).reason, Reason::View);
}

TEST_F(Decide, AnIndexThatIsNotReadyIsInvalid) {
  Table table = users(40, "public");
  table.indexes[0].ready = false;
  catalog_ = Catalog("app", 150000, {table});
  EXPECT_EQ(decide_for(insert_into({"", "users"}), 40).reason, Reason::InvalidIndex);
}

TEST_F(Decide, TheKeyTableNamedExcludedIsLeftAloneToo) {
  Table table = users(40, "public");
  table.name = "excluded";
  catalog_ = Catalog("app", 150000, {table});
  policies_[0].table = "excluded";
  EXPECT_EQ(decide_for(insert_into({"", "excluded"}), 40).reason, Reason::AliasExcluded);
}

TEST_F(Decide, HiddenInsertsAreToldByTheirNamesWhateverTheStatementsOwnTableIs) {
  decide_for(insert_into({"", "users"}), 30);  // fills the situation
  parser::Other other;
  other.hides_insert = true;
  other.hidden_tables = {{"", "orders"}, {"public", "users"}};
  const Decision decision = decide(other, situation_);
  EXPECT_EQ(decision.policy, &policies_[0]);
  EXPECT_EQ(decision.reason, Reason::NotTopLevel);
  EXPECT_EQ(decision.table, 10U);
  other.hides_insert = false;
  EXPECT_EQ(decide(other, situation_).policy, nullptr);
}

TEST(Select, KeepsTheOrderOfTheFileAndLeavesOutWhatIsOff) {
  std::vector<Policy> policies{policy("a", "public", "k"), policy("b", "public", "k"),
                               policy("c", "public", "k")};
  policies[1].mode = Mode::Off;
  const Selection selection = select(policies, "db", "app", "web", 0, 1);
  EXPECT_EQ(selection.policies, (std::vector<const Policy*>{&policies[0], &policies[2]}));
  EXPECT_TRUE(selection.rolled_out_of.empty());
}

TEST(Select, AsksDatabaseUserAndApplication) {
  std::vector<Policy> policies{policy("a", "public", "k")};
  policies[0].when = {{"shop*"}, {"app"}, {"web", "job"}};
  EXPECT_EQ(select(policies, "shop_1", "app", "job", 0, 1).policies.size(), 1U);
  EXPECT_TRUE(select(policies, "bank", "app", "job", 0, 1).policies.empty());
  EXPECT_TRUE(select(policies, "shop", "root", "job", 0, 1).policies.empty());
  EXPECT_TRUE(select(policies, "shop", "app", "psql", 0, 1).policies.empty());
}

TEST(Select, TheRolloutTakesTheSharesBelowItsPercentage) {
  std::vector<Policy> policies{policy("a", "public", "k")};
  for (const int percent : {0, 1, 50, 99, 100}) {
    policies[0].rollout_percent = static_cast<std::uint8_t>(percent);
    int inside = 0;
    for (std::uint8_t share = 0; share < 100; ++share) {
      const Selection selection = select(policies, "db", "app", "web", share, 1);
      EXPECT_EQ(selection.policies.size() + selection.rolled_out_of.size(), 1U);
      inside += static_cast<int>(selection.policies.size());
    }
    EXPECT_EQ(inside, percent);
  }
}

TEST(Select, IdsAreEqualForEqualListsOfOneGenerationOnly) {
  std::vector<Policy> policies{policy("a", "public", "k"), policy("b", "public", "k")};
  policies[0].when.users = {"app"};
  policies[1].rollout_percent = 50;
  const std::uint64_t id = select(policies, "db", "app", "web", 0, 1).id;
  EXPECT_EQ(select(policies, "other", "app", "psql", 49, 1).id, id);
  EXPECT_NE(select(policies, "db", "app", "web", 50, 1).id, id);
  EXPECT_NE(select(policies, "db", "root", "web", 0, 1).id, id);
  EXPECT_NE(select(policies, "db", "app", "web", 0, 2).id, id);
}

}  // namespace
}  // namespace pgconcord::policies
