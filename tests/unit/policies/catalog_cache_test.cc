#include "policies/catalog_cache.h"

#include <gtest/gtest.h>

namespace pgconcord::policies {
namespace {

using std::chrono::milliseconds;

CatalogRef catalog(const std::string& role) {
  return std::make_shared<const Catalog>(role, 150000, std::vector<Table>{});
}

TEST(CatalogCache, AnswersForOneDatabaseAndRole) {
  CatalogCache cache;
  const CatalogRef stored = catalog("app");
  cache.store("shop", stored, milliseconds{100});
  EXPECT_EQ(cache.fresh("shop", "app", milliseconds{100}, milliseconds{60}), stored);
  EXPECT_EQ(cache.fresh("shop", "admin", milliseconds{100}, milliseconds{60}), nullptr);
  EXPECT_EQ(cache.fresh("bank", "app", milliseconds{100}, milliseconds{60}), nullptr);
}

TEST(CatalogCache, WhatIsAsOldAsTheRefreshTimeIsNoLongerFresh) {
  CatalogCache cache;
  const CatalogRef stored = catalog("app");
  cache.store("shop", stored, milliseconds{100});
  EXPECT_EQ(cache.fresh("shop", "app", milliseconds{159}, milliseconds{60}), stored);
  EXPECT_EQ(cache.fresh("shop", "app", milliseconds{160}, milliseconds{60}), nullptr);
}

TEST(CatalogCache, StaleIsEveryRoleOfTheDatabaseUntilOneIsStored) {
  CatalogCache cache;
  cache.store("shop", catalog("app"), milliseconds{0});
  cache.store("shop", catalog("admin"), milliseconds{0});
  cache.store("bank", catalog("app"), milliseconds{0});
  cache.mark_stale("shop");
  EXPECT_EQ(cache.fresh("shop", "app", milliseconds{1}, milliseconds{60}), nullptr);
  EXPECT_EQ(cache.fresh("shop", "admin", milliseconds{1}, milliseconds{60}), nullptr);
  EXPECT_NE(cache.fresh("bank", "app", milliseconds{1}, milliseconds{60}), nullptr);
  EXPECT_TRUE(cache.loaded_at("shop", "app").has_value());
  const CatalogRef again = catalog("app");
  cache.store("shop", again, milliseconds{2});
  EXPECT_EQ(cache.fresh("shop", "app", milliseconds{3}, milliseconds{60}), again);
}

TEST(CatalogCache, ClearForgetsEverything) {
  CatalogCache cache;
  cache.store("shop", catalog("app"), milliseconds{0});
  cache.clear();
  EXPECT_FALSE(cache.loaded_at("shop", "app").has_value());
}

TEST(CatalogCache, IsBoundedAndTheOldestGoesFirst) {
  CatalogCache cache;
  for (int i = 0; i <= 1000; ++i) {
    cache.store("shop", catalog("role" + std::to_string(i)), milliseconds{i});
  }
  EXPECT_FALSE(cache.loaded_at("shop", "role0").has_value());
  EXPECT_TRUE(cache.loaded_at("shop", "role1").has_value());
  EXPECT_TRUE(cache.loaded_at("shop", "role1000").has_value());
}

}  // namespace
}  // namespace pgconcord::policies
