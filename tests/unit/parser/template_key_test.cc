// The promise of the template key: two texts share a key exactly when they parse to the same tree,
// constants aside.
#include <gtest/gtest.h>
#include <pg_query.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "parser/outline.h"

namespace pgconcord::parser {
namespace {

using Json = nlohmann::json;

// In a pattern: ? a literal string, # a number, ~ white space or a comment.
const std::vector<std::string> kPatterns{
    "insert~into t~(a, b)~values~(#, ?)",
    "insert~into t~(a, b)~values~(#, ?) returning~id",
    "insert~into t~(a, b)~values~(#, #)",
    "insert~into t~(b, a)~values~(#, ?)",
    "insert~into \"T\"~(a, b)~values~(#, ?)",
    "insert~into s.t~(a, b)~values~(#, ?)",
    "insert~into t~(a, b)~values~(#, null)",
    "insert~into t~(a, b)~values~(#, default)",
    "insert~into t~(a, b)~values~(#, true)",
    "insert~into t~(a, b)~values~(#, ?::text)",
    "insert~into t~(a, b)~values~(#, lower(?))",
    "insert~into t~(a, b)~values~($1, $2)",
    "insert~into t~(a, b)~values~(#, ?),~(#, null)",
    "insert~into t~(a, b)~values~(#, null),~(#, ?)",
    "insert~into t~(a, b)~values~(#, ?) on~conflict do~nothing",
    "insert~into t~(a, b)~values~(#, ?) on~conflict (a) do~nothing",
    "insert~into t~(a, b)~select #, ?",
    "insert~into t~(a, b)~select #, ? where a~=~#",
    "insert~into t~default~values",
    "update t~set a = # where b = ?",
    "update t~set b = # where a = ?",
    "update t~set a = ? where b = ?",
    "select a~from t~where b in (#, #)",
    "select a~from t~where b in (#)",
    "select a~from t~where b <= #",
    "select a~from t~where b < #",
    "select a~from t~where not b < #",
    "select a::float(5)~from t",
    "select a::float(50)~from t",
    "select B'101', ?~from t",
    "select X'1F', ?~from t",
    "select ? ; select #",
    "select case when a then # else ? end~from t",
};

class Generator {
 public:
  std::string instance(const std::string& pattern) {
    std::string text;
    for (const char c : pattern) {
      if (c == '?') {
        text += string();
      } else if (c == '#') {
        text += number();
      } else if (c == '~') {
        text += one_of({" ", "\n", "\t ", " /* it's */ ", " -- \"x\n", "/* /* ; */ */ "});
      } else {
        text += c;
      }
    }
    return text + one_of({"", ";", " ;", " -- end", "/* end */"});
  }

 private:
  std::string one_of(const std::vector<std::string>& choices) {
    return choices[random_() % choices.size()];
  }
  std::string string() {
    return one_of({"'a'", "''", "'it''s'", "'; -- '", "E'\\'x'", "$$ '$$", "$q$ $$ $q$",
                   "'a'\n  'b'", "'\\'", "'\xc3\xa4'", "'/*'", "'(1)'"});
  }
  std::string number() {
    return one_of({"0", "1", "42", "1.5", ".5", "1e9", "99999999999999999999"});
  }

  std::mt19937 random_{7};
};

std::string constant(const Json& fields) {
  if (fields.contains("boolval")) return fields["boolval"].dump();
  if (fields.contains("bsval")) return fields["bsval"]["bsval"].get<std::string>().substr(0, 1);
  for (const char* kind : {"sval", "isnull"}) {
    if (fields.contains(kind)) return kind;
  }
  return "number";
}

// The tree without positions and without the values of constants.
Json shape(const Json& tree) {
  if (tree.is_array()) {
    Json items = Json::array();
    for (const Json& item : tree) items.push_back(shape(item));
    return items;
  }
  if (!tree.is_object()) return tree;
  Json members = Json::object();
  for (const auto& [key, value] : tree.items()) {
    if (key == "location" || key == "stmt_location" || key == "stmt_len") continue;
    members[key] = key == "A_Const" ? Json(constant(value)) : shape(value);
  }
  return members;
}

std::string shape_of(const std::string& sql) {
  const PgQueryParseResult result = pg_query_parse(sql.c_str());
  EXPECT_EQ(result.error, nullptr) << sql;
  const std::string text =
      result.error == nullptr ? shape(Json::parse(result.parse_tree)).dump() : "";
  pg_query_free_parse_result(result);
  return text;
}

TEST(TemplateKey, IsSharedExactlyByTextsOfTheSameShape) {
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  std::map<Key, std::string> shape_by_key;
  std::map<std::string, Key> key_by_shape;
  Generator generator;
  Outline out;
  for (const std::string& pattern : kPatterns) {
    for (int round = 0; round < 60; ++round) {
      const std::string sql = generator.instance(pattern);
      outline(sql, out);
      ASSERT_FALSE(out.exact) << sql;
      // Equal rows collapse: the promise is about the text that is parsed.
      const std::string tree = shape_of(reduced(sql, out));
      const Key key{out.key.high, out.key.low};
      const auto by_key = shape_by_key.emplace(key, tree).first;
      ASSERT_EQ(by_key->second, tree) << sql;
      const auto by_shape = key_by_shape.emplace(tree, key).first;
      ASSERT_EQ(by_shape->second, key) << sql;
    }
  }
  EXPECT_EQ(shape_by_key.size(), kPatterns.size());
}

}  // namespace
}  // namespace pgconcord::parser
