#include "policies/catalog.h"

#include <gtest/gtest.h>

namespace pgconcord::policies {
namespace {

UniqueIndex index(Oid oid, std::string name, Oid parent = 0) {
  UniqueIndex made;
  made.oid = oid;
  made.name = std::move(name);
  made.parent = parent;
  return made;
}

Table table(Oid oid, std::string name, Oid root, std::vector<UniqueIndex> indexes) {
  Table made;
  made.oid = oid;
  made.schema = "public";
  made.name = std::move(name);
  made.root = root;
  made.indexes = std::move(indexes);
  return made;
}

// m -> m_1 -> m_1_1, with a unique index of its own on the leaf. Given in no particular order.
Catalog partitioned() {
  Table leaf = table(30, "m_1_1", 10, {index(31, "m_1_1_pkey", 21), index(32, "m_1_1_code")});
  leaf.has_before_insert_row_trigger = true;
  leaf.partition_key_columns = {"a", "b"};
  Table root = table(10, "m", 0, {index(11, "m_pkey")});
  root.partition_key_columns = {"a"};
  return Catalog("app", 150000,
                 {leaf, root, table(20, "m_1", 10, {index(21, "m_1_pkey", 11)}),
                  table(40, "users", 0, {index(41, "users_email_key")})});
}

TEST(Catalog, FindsByOidAndByName) {
  const Catalog catalog = partitioned();
  EXPECT_EQ(catalog.find(20)->name, "m_1");
  EXPECT_EQ(catalog.find(25), nullptr);
  EXPECT_EQ(catalog.find("public", "users")->oid, 40U);
  EXPECT_EQ(catalog.find("other", "users"), nullptr);
  EXPECT_EQ(catalog.root_of(*catalog.find(30)).oid, 10U);
  EXPECT_EQ(catalog.root_of(*catalog.find(40)).oid, 40U);
}

TEST(Catalog, EveryOneHasItsOwnId) { EXPECT_NE(partitioned().id(), partitioned().id()); }

TEST(Catalog, AViolationInALeafIsLocatedAtTheRootThroughEveryLevel) {
  const Catalog catalog = partitioned();
  const Catalog::Located located = catalog.locate("public", "m_1_1", "m_1_1_pkey");
  EXPECT_EQ(located.table->oid, 10U);
  EXPECT_EQ(located.index->oid, 11U);
}

TEST(Catalog, AnIndexThatOnlyTheLeafHasStaysTheLeafs) {
  const Catalog catalog = partitioned();
  const Catalog::Located located = catalog.locate("public", "m_1_1", "m_1_1_code");
  EXPECT_EQ(located.table->oid, 10U);
  EXPECT_EQ(located.index->oid, 32U);
  EXPECT_FALSE(has_index(*located.table, *located.index));
}

TEST(Catalog, CopiesOfReindexConcurrentlyStandForTheirIndex) {
  const Catalog catalog = partitioned();
  for (const char* name : {"users_email_key", "users_email_key_ccnew", "users_email_key_ccold",
                           "users_email_key_ccnew1", "users_email_key_ccold12"}) {
    EXPECT_EQ(catalog.locate("public", "users", name).index, &catalog.find(40)->indexes[0]) << name;
  }
  EXPECT_EQ(catalog.locate("public", "users", "users_email_key_cc").index, nullptr);
  EXPECT_EQ(catalog.locate("public", "users", "users_email_key1").index, nullptr);
}

TEST(Catalog, WhatItDoesNotKnowIsLocatedNowhere) {
  const Catalog catalog = partitioned();
  EXPECT_EQ(catalog.locate("public", "nobody", "users_email_key").table, nullptr);
  EXPECT_EQ(catalog.locate("other", "users", "users_email_key").table, nullptr);
  EXPECT_EQ(catalog.locate("public", "users", "unheard_of").table, nullptr);
}

TEST(Catalog, ARootTakesOverTriggersAndPartitionKeysOfThePartitionsBelow) {
  const Catalog catalog = partitioned();
  EXPECT_TRUE(catalog.find(10)->has_before_insert_row_trigger);
  EXPECT_EQ(catalog.find(10)->partition_key_columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(catalog.find(20)->has_before_insert_row_trigger);
}

}  // namespace
}  // namespace pgconcord::policies
