#include "proxy/session/policy_scope.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace pgconcord::session {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRefresh{1000};

policies::Policy policy(std::string table, policies::Mode mode) {
  policies::Policy made;
  made.name = "p";
  made.schema = "public";
  made.table = std::move(table);
  made.mode = mode;
  return made;
}

PolicyScope scope_of(const policies::Policy& one) {
  policies::Selection selection;
  selection.policies = {&one};
  return PolicyScope(std::move(selection));
}

policies::CatalogRef catalog() {
  policies::Table users;
  users.oid = 7;
  users.schema = "public";
  users.name = "users";
  return std::make_shared<const policies::Catalog>("app", 150000, std::vector{users});
}

TEST(PolicyScope, OnlyAnEnforcingPolicyLetsTheProxySendAnythingOfItsOwn) {
  const policies::Policy observing = policy("users", policies::Mode::Observe);
  const policies::Policy enforcing = policy("users", policies::Mode::Enforce);
  EXPECT_FALSE(scope_of(observing).enforces());
  EXPECT_TRUE(scope_of(enforcing).enforces());
}

TEST(PolicyScope, APolicyThisSessionIsNoShareOfStillNamesItsTable) {
  const policies::Policy rolled_out = policy("users", policies::Mode::Enforce);
  policies::Selection selection;
  selection.rolled_out_of = {&rolled_out};
  const PolicyScope scope(std::move(selection));
  EXPECT_TRUE(scope.plans_for_table("users"));
  EXPECT_TRUE(scope.mentions_table("insert into users"));
  EXPECT_FALSE(scope.enforces());
}

TEST(PolicyScope, ATableIsMentionedInAnyCaseAndAnyPlace) {
  const policies::Policy one = policy("users", policies::Mode::Enforce);
  const PolicyScope scope = scope_of(one);
  EXPECT_TRUE(scope.mentions_table("INSERT INTO Public.USERS VALUES (1)"));
  EXPECT_TRUE(scope.mentions_table("SELECT 'no users here'"));
  EXPECT_FALSE(scope.mentions_table("INSERT INTO user VALUES (1)"));
  EXPECT_FALSE(scope.mentions_table(""));
}

TEST(PolicyScope, AQualifiedNameIsResolvedByTheCatalogAlone) {
  const policies::Policy one = policy("users", policies::Mode::Enforce);
  PolicyScope scope = scope_of(one);
  EXPECT_EQ(scope.resolve({"public", "users"}, milliseconds(0), kRefresh), 0U) << "no catalog";
  scope.set_catalog(catalog(), milliseconds(0));
  EXPECT_EQ(scope.resolve({"public", "users"}, milliseconds(0), kRefresh), 7U);
  EXPECT_EQ(scope.resolve({"other", "users"}, milliseconds(0), kRefresh), 0U);
}

TEST(PolicyScope, AnUnqualifiedNameHoldsUntilItIsOldOrMayHaveChanged) {
  const policies::Policy one = policy("users", policies::Mode::Enforce);
  PolicyScope scope = scope_of(one);
  const parser::RelationName users{"", "users"};
  EXPECT_EQ(scope.resolve(users, milliseconds(0), kRefresh), std::nullopt);
  scope.resolved("users", 7, milliseconds(0));
  EXPECT_EQ(scope.resolve(users, milliseconds(999), kRefresh), 7U);
  EXPECT_EQ(scope.resolve(users, milliseconds(1000), kRefresh), std::nullopt);
  scope.resolved("users", 8, milliseconds(1000));
  EXPECT_EQ(scope.resolve(users, milliseconds(1001), kRefresh), 8U) << "the newer answer";
  scope.names_changed(false);
  EXPECT_EQ(scope.resolve(users, milliseconds(1001), kRefresh), std::nullopt);
}

TEST(PolicyScope, ThatANameMeansNothingIsAnAnswerToo) {
  const policies::Policy one = policy("users", policies::Mode::Enforce);
  PolicyScope scope = scope_of(one);
  scope.resolved("users", 0, milliseconds(0));
  EXPECT_EQ(scope.resolve({"", "users"}, milliseconds(1), kRefresh), 0U);
}

TEST(PolicyScope, WhatChangedInABlockEndsWithIt) {
  const policies::Policy one = policy("users", policies::Mode::Enforce);
  PolicyScope scope = scope_of(one);
  const parser::RelationName users{"", "users"};
  scope.resolved("users", 7, milliseconds(0));
  scope.block_ended();
  EXPECT_EQ(scope.resolve(users, milliseconds(1), kRefresh), 7U) << "nothing had changed";
  scope.names_changed(true);
  scope.resolved("users", 8, milliseconds(1));
  scope.block_ended();
  EXPECT_EQ(scope.resolve(users, milliseconds(2), kRefresh), std::nullopt) << "SET LOCAL is over";
  scope.resolved("users", 7, milliseconds(2));
  scope.block_ended();
  EXPECT_EQ(scope.resolve(users, milliseconds(3), kRefresh), 7U);
}

TEST(PolicyScope, TheCatalogIsDueWhenItIsMissingOrOld) {
  const policies::Policy one = policy("users", policies::Mode::Enforce);
  PolicyScope scope = scope_of(one);
  EXPECT_TRUE(scope.catalog_due(milliseconds(0), kRefresh));
  scope.set_catalog(catalog(), milliseconds(0));
  EXPECT_FALSE(scope.catalog_due(milliseconds(999), kRefresh));
  EXPECT_TRUE(scope.catalog_due(milliseconds(1000), kRefresh));
  scope.forget_catalog();
  EXPECT_TRUE(scope.catalog_due(milliseconds(1), kRefresh));
  EXPECT_TRUE(scope.role_known());
}

TEST(PolicyScope, AnotherRoleMustBeAskedFor) {
  const policies::Policy one = policy("users", policies::Mode::Enforce);
  PolicyScope scope = scope_of(one);
  scope.set_catalog(catalog(), milliseconds(0));
  scope.forget_role();
  EXPECT_FALSE(scope.role_known());
  EXPECT_EQ(scope.catalog(), nullptr);
  scope.set_catalog(catalog(), milliseconds(0));
  EXPECT_TRUE(scope.role_known());
}

}  // namespace
}  // namespace pgconcord::session
