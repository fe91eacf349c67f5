#include "proxy/admin/console_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "proxy/console/encoding.h"

namespace pgconcord::admin {
namespace {

using console::Topic;
using testing::ElementsAre;

policies::CatalogRef catalog() {
  policies::Table table;
  table.oid = 1;
  table.schema = "public";
  table.name = "users";
  policies::UniqueIndex key;
  key.name = "users_email_key";
  key.elements = "lower(email)";
  table.indexes = {key};
  return std::make_shared<const policies::Catalog>("app", 150000U, std::vector{table});
}

metrics::IncidentGroup violation() {
  metrics::IncidentGroup group;
  group.database = "shop";
  group.violation.schema = "public";
  group.violation.table = "users";
  group.violation.constraint = "users_email_key";
  group.violation.kind = "unique";
  group.violation.statement = "insert";
  group.count = 3;
  group.causes[static_cast<std::size_t>(metrics::Cause::Race)] = 2;
  group.outcomes[static_cast<std::size_t>(metrics::Outcome::Recovered)] = 1;
  return group;
}

Sources sources() {
  Sources from;
  from.version_json = R"({"version": "0.1.0", "revision": "abc"})";
  from.violations = [] { return std::vector{violation()}; };
  from.policies = [] {
    PolicyEffect effect;
    effect.name = "p";
    effect.rewritten = 2;
    effect.left_alone = {{"view", 4}};
    return std::vector{effect};
  };
  from.rewrites = [] {
    return std::vector{RewriteCount{"p", "shop", "public", "users", "rewritten", 2}};
  };
  from.sessions = [] { return std::vector{metrics::SessionFacts{}}; };
  from.catalogs = [] {
    return std::vector{policies::CatalogCache::Known{"shop", catalog(), true}};
  };
  from.configuration = [] {
    return std::string(
        R"({"mode": "observe", "console": {"users": []}, "policies": [{"name": "p"}]})");
  };
  from.explain = [](const ExplainRequest& request) -> tl::expected<Explained, std::string> {
    ExplainedOutcome outcome;
    outcome.policy = "p";
    outcome.sql = request.sql + " ON CONFLICT";
    return Explained{{request.sql, "", {outcome}}, {"SELECT 1", "", {}}};
  };
  return from;
}

std::vector<std::string> texts(const console::Row& row) {
  std::vector<std::string> result;
  for (const console::Value& value : row) result.push_back(console::as_text(value));
  return result;
}

console::Rows rows_of(Topic topic, const std::string& text = "") {
  const auto answer = console_answer({topic, text}, sources());
  EXPECT_TRUE(answer.has_value());
  return answer.value_or(console::Rows{});
}

TEST(ConsoleAnswers, EveryRowFitsItsColumns) {
  for (const Topic topic :
       {Topic::Violations, Topic::Policies, Topic::Rewrites, Topic::LeftAlone, Topic::Suggestions,
        Topic::Sessions, Topic::Catalog, Topic::Config, Topic::Version, Topic::Explain}) {
    const console::Columns columns = columns_of(topic);
    const console::Rows rows = rows_of(topic, "INSERT");
    EXPECT_FALSE(rows.empty());
    for (const console::Row& row : rows) {
      ASSERT_EQ(row.size(), columns.size()) << static_cast<int>(topic);
      for (std::size_t i = 0; i < row.size(); ++i) {
        const bool is_text = columns[i].type == console::Type::Text;
        if (std::holds_alternative<std::monostate>(row[i])) continue;
        EXPECT_EQ(std::holds_alternative<std::string>(row[i]), is_text) << columns[i].name;
      }
    }
  }
}

TEST(ConsoleAnswers, ViolationsHaveTheirCausesAndOutcomesInPlace) {
  const auto row = texts(rows_of(Topic::Violations)[0]);
  const console::Columns columns = columns_of(Topic::Violations);
  std::map<std::string, std::string> found;
  for (std::size_t i = 0; i < columns.size(); ++i) found[columns[i].name] = row[i];
  EXPECT_EQ(found["count"], "3");
  EXPECT_EQ(found["race"], "2");
  EXPECT_EQ(found["sequence_drift"], "0");
  EXPECT_EQ(found["recovered"], "1");
  EXPECT_EQ(found["autocommit"], "0");
}

TEST(ConsoleAnswers, TheConfigurationIsAListOfKeys) {
  std::vector<std::string> found;
  for (const auto& row : rows_of(Topic::Config)) {
    found.push_back(texts(row)[0] + "=" + texts(row)[1]);
  }
  EXPECT_THAT(found, ElementsAre("mode=observe", "console.users=[]", "policies[0].name=p"));
}

TEST(ConsoleAnswers, WhatIsLeftAloneIsExplained) {
  const auto row = texts(rows_of(Topic::LeftAlone)[0]);
  EXPECT_THAT(row, ElementsAre("p", "view", "4", testing::Not("")));
}

TEST(ConsoleAnswers, AnExplanationHasARowForEachOutcomeAndForNone) {
  const auto rows = rows_of(Topic::Explain, "INSERT");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_THAT(texts(rows[0]), testing::Contains("INSERT ON CONFLICT"));
  EXPECT_THAT(texts(rows[1]), testing::Contains("no policy concerns it"));
}

TEST(ConsoleAnswers, AChangeThatIsRefusedIsAnError) {
  Sources from = sources();
  from.set_mode = [](const std::string&, policies::Mode) {
    return policies::Change(tl::unexpected(
        policies::ChangeRefusal{policies::Obstacle::AboveCeiling, "above", "the way out", {}}));
  };
  const auto answer = console_answer({Topic::SetPolicy, "p", "enforce"}, from);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().sqlstate, "22023");
  EXPECT_EQ(answer.error().hint, "the way out");
  EXPECT_FALSE(console_answer({Topic::SetPolicy, "p", "on"}, from).has_value());
  from.reload = [] { return policies::Change(policies::InForce{}); };
  EXPECT_TRUE(console_answer({Topic::Reload}, from)->empty());
}

}  // namespace
}  // namespace pgconcord::admin
