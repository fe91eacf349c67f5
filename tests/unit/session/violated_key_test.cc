#include "proxy/session/violated_key.h"

#include <gtest/gtest.h>

namespace pgconcord::session {
namespace {

using metrics::KeySource;

parser::Insert insert_into(std::vector<std::string> columns, std::size_t values) {
  parser::Insert insert;
  insert.columns = std::move(columns);
  insert.values.resize(values);
  return insert;
}

policies::Table users() {
  policies::Table table;
  policies::Column id, email;
  id.name = "id";
  id.from_sequence = true;
  id.sequence = "public.users_id_seq";
  email.name = "email";
  table.columns = {id, email};
  return table;
}

TEST(ViolatedKey, ReadsNamesAndHashesValues) {
  const ViolatedKey key = violated_key("Key (tenant_id, email)=(1, a@b.c) already exists.", 5);
  EXPECT_EQ(key.columns, (std::vector<std::string>{"tenant_id", "email"}));
  EXPECT_NE(key.hash, 0U);
  EXPECT_EQ(key.hash, violated_key("Clave (tenant_id, email)=(1, a@b.c) ya existe.", 5).hash);
  EXPECT_NE(key.hash, violated_key("Key (tenant_id, email)=(2, a@b.c) already exists.", 5).hash);
  EXPECT_NE(key.hash, violated_key("Key (tenant_id, email)=(1, a@b.c) already exists.", 6).hash);
}

TEST(ViolatedKey, KnowsNothingOfOtherTexts) {
  for (const char* detail : {"", "(", ")=(", "Failing row contains (1, 2).", "(a)=("}) {
    EXPECT_EQ(violated_key(detail, 5).hash, 0U) << detail;
    EXPECT_TRUE(violated_key(detail, 5).columns.empty()) << detail;
  }
}

TEST(KeySourceOf, AColumnThatIsNamedIsSupplied) {
  EXPECT_EQ(key_source(insert_into({"email", "id"}, 2), {"id"}, nullptr), KeySource::Supplied);
}

TEST(KeySourceOf, AColumnThatIsLeftOutIsGenerated) {
  EXPECT_EQ(key_source(insert_into({"email"}, 1), {"id"}, nullptr), KeySource::Generated);
}

TEST(KeySourceOf, TheWordDefaultIsGenerated) {
  parser::Insert insert = insert_into({"id", "email"}, 2);
  insert.values[0].any_default = true;
  EXPECT_EQ(key_source(insert, {"id"}, nullptr), KeySource::Generated);
  insert.columns.clear();
  const policies::Table table = users();
  EXPECT_EQ(key_source(insert, {"id"}, &table), KeySource::Generated);
}

TEST(KeySourceOf, TheCatalogKnowsWhichDefaultsAreSequences) {
  const policies::Table table = users();
  EXPECT_EQ(key_source(insert_into({"id"}, 1), {"email"}, &table), KeySource::Supplied);
  EXPECT_EQ(key_source(insert_into({"email"}, 1), {"id"}, &table), KeySource::Generated);
  EXPECT_EQ(key_sequence({"id"}, &table), "public.users_id_seq");
  EXPECT_EQ(key_sequence({"email"}, &table), "");
}

TEST(KeySourceOf, PartOfAKeyThatIsLeftOutProvesNothingWithoutTheCatalog) {
  EXPECT_EQ(key_source(insert_into({"email"}, 1), {"tenant_id", "email"}, nullptr),
            KeySource::Unknown);
}

TEST(KeySourceOf, ValuesWithoutAListAreUnknownWithoutTheCatalog) {
  EXPECT_EQ(key_source(insert_into({}, 2), {"id"}, nullptr), KeySource::Unknown);
  const policies::Table table = users();
  EXPECT_EQ(key_source(insert_into({}, 2), {"id"}, &table), KeySource::Supplied);
}

}  // namespace
}  // namespace pgconcord::session
