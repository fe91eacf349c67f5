// The query's text and the decoding of its answer. That servers answer it is
// tests/integration/test_catalog_query.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "policies/catalog.h"

namespace pgconcord::policies {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

// Without literals, comments and what is written OPERATOR(pg_catalog....).
std::string bare_query() {
  std::string text(kCatalogQuery);
  text = std::regex_replace(text, std::regex(R"(/\*.*?\*/)"), "");
  text = std::regex_replace(text, std::regex(R"('[^']*')"), "''");
  return std::regex_replace(text, std::regex(R"(OPERATOR\(pg_catalog\.[^)]+\))"), "");
}

TEST(CatalogQuery, NamesNoOperatorThatTheSearchPathCouldReplace) {
  std::smatch found;
  const std::string text = bare_query();
  EXPECT_FALSE(std::regex_search(text, found, std::regex(R"([=<>~|&+*/-])"))) << found.str();
  const std::regex hidden(R"(\b(IN|LIKE|ILIKE|SIMILAR|BETWEEN|NULLIF|DISTINCT FROM|USING)\b)",
                          std::regex::icase);
  EXPECT_FALSE(std::regex_search(text, found, hidden)) << found.str();
}

TEST(CatalogQuery, QualifiesEveryFunctionTypeAndRelation) {
  const std::string text = bare_query();
  const std::regex call(R"(([\w.]+)\()");
  for (std::sregex_iterator it(text.begin(), text.end(), call), end; it != end; ++it) {
    const std::string name = (*it)[1];
    const bool keyword = name == "COALESCE" || name == "ARRAY" || name == "ANY" || name == "ALL" ||
                         name == "r" || name == "g";  // aliases of function results
    EXPECT_TRUE(keyword || name.starts_with("pg_catalog.")) << name;
  }
  const std::regex cast(R"(::([\w."]+))");
  for (std::sregex_iterator it(text.begin(), text.end(), cast), end; it != end; ++it) {
    EXPECT_TRUE((*it)[1].str().starts_with("pg_catalog.")) << (*it)[1];
  }
  std::smatch found;
  EXPECT_FALSE(std::regex_search(text, found, std::regex(R"((FROM|JOIN)\s+pg_(?!catalog\.))")))
      << found.str();
}

TEST(CatalogQuery, NamesAreQuotedAsArrayElements) {
  EXPECT_EQ(catalog_query_names({}), "{}");
  EXPECT_EQ(catalog_query_names({"users", "a b"}), "{\"users\",\"a b\"}");
  EXPECT_EQ(catalog_query_names({"we\"ird", "back\\slash", "NULL", "{,}"}),
            "{\"we\\\"ird\",\"back\\\\slash\",\"NULL\",\"{,}\"}");
}

Json column() {
  return Json::parse(
      R"json({"name": "id", "number": 1, "type": "bigint", "type_oid": 20,
      "has_type_modifier": true, "is_enum": true, "is_domain": true, "in_check": true, "collates_plainly": false,
      "not_null": true, "has_default": true, "default": "7",
      "generated": false, "generated_from": [], "identity": "d", "sequence": "public.users_id_seq",
      "from_sequence": true, "in_any_index": true, "may_select": true, "may_insert": false, "may_update": true})json");
}

Json unique_index() {
  return Json::parse(
      R"json({"oid": 4000000000, "name": "users_lower", "kind": "unique_index", "columns": [],
      "has_expressions": true, "elements": "lower(email)", "predicate": "(id > 0)",
      "referenced_columns": ["email", "id"], "nulls_not_distinct": true, "immediate": false, "valid": false,
      "ready": false, "parent": 7})json");
}

Json answer() {
  Json table = Json::parse(
      R"json({"oid": 16385, "schema": "public", "name": "users", "relkind": "p", "root": 3,
      "is_inheritance_child": true, "has_inheritance_children": true, "has_insert_or_update_rules": true,
      "has_before_insert_row_trigger": true, "has_instead_of_trigger": true, "row_security_applies": true,
      "may_select": true, "may_insert": true, "may_update": true, "partition_key_columns": ["id"]})json");
  table["columns"] = Json::array({column()});
  table["indexes"] = Json::array({unique_index()});
  return {{"role", "app"},
          {"server_version_num", 160004},
          {"may_create_temporary_tables", true},
          {"tables", Json::array({table})}};
}

TEST(CatalogFromJson, ReadsEveryField) {
  const auto catalog = catalog_from_json(answer().dump());
  ASSERT_TRUE(catalog) << catalog.error();
  EXPECT_EQ(catalog->role(), "app");
  EXPECT_EQ(catalog->server_version_num(), 160004U);
  EXPECT_TRUE(catalog->may_create_temporary_tables());
  const Table& table = *catalog->find("public", "users");
  EXPECT_EQ(table.oid, 16385U);
  EXPECT_EQ(table.relkind, 'p');
  EXPECT_EQ(table.root, 3U);
  EXPECT_TRUE(table.is_inheritance_child && table.has_inheritance_children &&
              table.has_insert_or_update_rules && table.has_before_insert_row_trigger &&
              table.has_instead_of_trigger && table.row_security_applies && table.may_select &&
              table.may_insert && table.may_update);
  EXPECT_EQ(table.partition_key_columns, std::vector<std::string>{"id"});
}

TEST(CatalogFromJson, ReadsColumnsAndIndexes) {
  const auto catalog = catalog_from_json(answer().dump());
  ASSERT_TRUE(catalog) << catalog.error();
  const Column& id = catalog->tables()[0].columns.at(0);
  EXPECT_EQ(id.number, 1);
  EXPECT_EQ(id.type, "bigint");
  EXPECT_EQ(id.type_oid, 20U);
  EXPECT_TRUE(id.has_type_modifier && id.is_enum && id.is_domain && id.in_check &&
              !id.collates_plainly);
  EXPECT_EQ(id.default_expression, "7");
  EXPECT_EQ(id.identity, 'd');
  EXPECT_EQ(id.sequence, "public.users_id_seq");
  EXPECT_TRUE(id.not_null && id.has_default && !id.generated && id.from_sequence &&
              id.in_any_index);
  EXPECT_TRUE(id.may_select && !id.may_insert && id.may_update);
  const UniqueIndex& index = catalog->tables()[0].indexes.at(0);
  EXPECT_EQ(index.oid, 4000000000U);  // an OID is unsigned
  EXPECT_EQ(index.kind, IndexKind::UniqueIndex);
  EXPECT_EQ(index.elements, "lower(email)");
  EXPECT_EQ(index.predicate, "(id > 0)");
  EXPECT_EQ(index.referenced_columns, (std::vector<std::string>{"email", "id"}));
  EXPECT_TRUE(index.has_expressions && index.nulls_not_distinct && !index.immediate &&
              !index.valid && !index.ready);
  EXPECT_EQ(index.parent, 7U);
}

TEST(CatalogFromJson, AMissingFieldIsAnErrorThatSaysWhich) {
  const Json complete = answer();
  for (const char* pointer :
       {"/role", "/may_create_temporary_tables", "/tables/0/columns/0/default", "/tables",
        "/tables/0/oid", "/tables/0/row_security_applies", "/tables/0/columns/0/may_update",
        "/tables/0/columns/0/identity", "/tables/0/indexes/0/immediate",
        "/tables/0/indexes/0/kind"}) {
    const Json::json_pointer path(pointer);
    Json cut = complete;
    cut[path.parent_pointer()].erase(path.back());
    const auto catalog = catalog_from_json(cut.dump());
    ASSERT_FALSE(catalog) << pointer;
    EXPECT_THAT(catalog.error(), HasSubstr(path.back() + ": expected ")) << pointer;
  }
}

TEST(CatalogFromJson, AMistypedFieldIsAnErrorToo) {
  const auto error_with = [](const char* pointer, const Json& value) {
    Json wrong = answer();
    wrong[Json::json_pointer(pointer)] = value;
    const auto catalog = catalog_from_json(wrong.dump());
    return catalog ? "accepted" : catalog.error();
  };
  EXPECT_EQ(error_with("/tables/0/indexes/0/valid", "yes"),
            "catalog answer: tables[0].indexes[0].valid: expected true or false");
  EXPECT_EQ(error_with("/tables/0/oid", -1),
            "catalog answer: tables[0].oid: expected a number in range");
  EXPECT_EQ(error_with("/tables/0/oid", 1.5),
            "catalog answer: tables[0].oid: expected a whole number");
  EXPECT_EQ(error_with("/tables/0/columns/0/number", 70000),
            "catalog answer: tables[0].columns[0].number: expected a number in range");
  EXPECT_EQ(error_with("/tables/0/columns/0/identity", "ab"),
            "catalog answer: tables[0].columns[0].identity: expected one character");
  EXPECT_EQ(error_with("/tables/0/indexes/0/columns", Json::array({1})),
            "catalog answer: tables[0].indexes[0].columns: expected a list of texts");
  EXPECT_EQ(error_with("/tables/0/indexes/0/kind", "primary"),
            "catalog answer: tables[0].indexes[0].kind: expected primary_key, unique, unique_index "
            "or exclusion");
  EXPECT_EQ(error_with("/tables/0/columns/0", 3),
            "catalog answer: tables[0].columns[0].: expected an object");
}

TEST(CatalogFromJson, WhatIsNoJsonIsRefused) {
  for (const char* text : {"", "{", "null", "[]", "{\"role\": \"a\"} x"}) {
    EXPECT_FALSE(catalog_from_json(text)) << text;
  }
}

}  // namespace
}  // namespace pgconcord::policies
