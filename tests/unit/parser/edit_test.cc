#include "parser/edit.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "parser/on_conflict.h"

namespace pgconcord::parser {
namespace {

constexpr std::string_view kClause = "ON CONFLICT (a) DO NOTHING";

Outline outlined(std::string_view sql) {
  Outline out;
  outline(sql, out);
  return out;
}

std::string spliced(std::string_view sql, std::size_t statement, std::string_view clause) {
  return apply(sql, {splice(outlined(sql).statements.at(statement), clause)});
}

// What the golden files show: the spliced text where it is proven.
std::string rewritten(std::string_view sql) {
  const std::string edited = spliced(sql, 0, kClause);
  return proves(sql, edited, 0, kClause) ? edited : "left alone";
}

struct GoldenCase {
  std::string sql;
  std::string expected;
};

std::vector<GoldenCase> golden_cases() {
  std::ifstream file(PGCONCORD_SOURCE_DIR "/tests/golden/parser/splice.test");
  std::vector<GoldenCase> cases;
  GoldenCase current;
  bool expected = false;
  for (std::string line; std::getline(file, line);) {
    std::string& part = expected ? current.expected : current.sql;
    if (line == "----") {
      expected = true;
    } else if (line == "====") {
      cases.push_back(current);
      current = {};
      expected = false;
    } else if (line.starts_with("# ") || (part.empty() && line.empty())) {
      continue;
    } else {
      part += (part.empty() ? "" : "\n") + line;
    }
  }
  return cases;
}

TEST(Splice, MatchesTheGoldenFile) {
  const std::vector<GoldenCase> cases = golden_cases();
  ASSERT_GT(cases.size(), 25U);
  for (const GoldenCase& golden : cases)
    EXPECT_EQ(rewritten(golden.sql), golden.expected) << golden.sql;
}

TEST(Splice, ChangesNothingWhenRepeated) {
  for (const GoldenCase& golden : golden_cases()) {
    if (golden.expected != "left alone") {
      EXPECT_EQ(rewritten(golden.expected), "left alone") << golden.expected;
    }
  }
}

TEST(Splice, ReachesEveryStatementOfAText) {
  const std::string sql =
      "begin; insert into t values (1) returning a; -- x\ninsert into u values (2)";
  const std::string edited = spliced(sql, 2, kClause);
  EXPECT_EQ(edited,
            "begin; insert into t values (1) returning a; -- x\ninsert into u values (2) ON "
            "CONFLICT (a) DO NOTHING");
  EXPECT_TRUE(proves(sql, edited, 2, kClause));
  EXPECT_FALSE(proves(sql, edited, 1, kClause));
  EXPECT_FALSE(proves(sql, edited, 3, kClause));
}

TEST(Splice, TellsWhereTheTextWent) {
  const std::string sql = "insert into t values (1) returning a";
  const StatementSpan span = outlined(sql).statements.at(0);
  EXPECT_EQ(insertion_point(span), sql.find("returning"));
  EXPECT_EQ(splice(span, "X").offset, sql.find("returning"));
  EXPECT_EQ(splice(span, "X").text, "X ");
  EXPECT_EQ(splice(outlined("insert into t values (1);").statements.at(0), "X").text, " X");
}

TEST(Apply, InsertsInOrderOfOffsets) {
  EXPECT_EQ(apply("abc", {{3, "3"}, {0, "0"}, {1, "x"}, {1, "y"}}), "0axybc3");
  EXPECT_EQ(apply("abc", {}), "abc");
}

TEST(Proof, HoldsForEveryKindOfClause) {
  const std::string sql = "insert into t (a, b) values (-1, $1) returning *";
  const OnConflict update{
      .target = {.elements = "a, lower(b)", .predicate = "(NOT x)", .constraint = ""},
      .assignments = {{"b", "EXCLUDED.b"}, {"user", "t.\"user\""}},
      .where = "t.b < EXCLUDED.b"};
  const OnConflict constraint{.target = {.elements = "", .predicate = "", .constraint = "No"},
                              .assignments = {},
                              .where = ""};
  for (const OnConflict& clause : {update, constraint}) {
    EXPECT_TRUE(proves(sql, spliced(sql, 0, render(clause)), 0, render(clause))) << render(clause);
  }
}

TEST(Proof, FailsWhenAnythingElseChanged) {
  const std::string sql = "insert into t (a) values (1)";
  for (const char* edited :
       {"insert into t (a) values (1)", "insert into t (a) values (2) ON CONFLICT (a) DO NOTHING",
        "insert into u (a) values (1) ON CONFLICT (a) DO NOTHING",
        "insert into t (a) values (1) ON CONFLICT (b) DO NOTHING",
        "insert into t (a) values (1) ON CONFLICT DO NOTHING",
        "insert into t (a) values (1) ON CONFLICT (a) DO NOTHING returning a",
        "insert into t (a) values (1) ON CONFLICT (a) DO NOTHING; select 1",
        "insert into t (a) values (1) -- ON CONFLICT (a) DO NOTHING",
        "insert into t (a) values (1) /* ON CONFLICT (a) DO NOTHING */"}) {
    EXPECT_FALSE(proves(sql, edited, 0, kClause)) << edited;
  }
}

// libpg_query's JSON writes no negative integers: the proof must not rest on the tree alone.
TEST(Proof, SeesNegativeConstantsChange) {
  EXPECT_FALSE(proves("insert into t values (-1)",
                      "insert into t values (-2) ON CONFLICT (a) DO NOTHING", 0, kClause));
}

TEST(Proof, FailsWhenTheClauseIsMoreThanAClause) {
  const std::string sql = "insert into t values (1)";
  for (const char* clause :
       {"ON CONFLICT (a) DO NOTHING RETURNING a", "ON CONFLICT (a) DO NOTHING; drop table t", "",
        "ON CONFLICT (a) DO NOTHING --", "where true"}) {
    EXPECT_FALSE(
        proves(sql, sql + " " + clause, 0,
               std::string(clause) == "ON CONFLICT (a) DO NOTHING --" ? "ON CONFLICT (a)" : clause))
        << clause;
  }
}

TEST(Proof, FailsWhenTheClauseLandsInAnotherPlace) {
  const std::string sql = "insert into t select 'x' from a; insert into t select 1";
  EXPECT_FALSE(proves(
      sql, "insert into t select 'x ON CONFLICT (a) DO NOTHING' from a; insert into t select 1", 0,
      kClause));
  EXPECT_FALSE(proves(sql, sql + " ON CONFLICT (a) DO NOTHING", 0, kClause));
  EXPECT_TRUE(proves(sql, sql + " ON CONFLICT (a) DO NOTHING", 1, kClause));
}

TEST(Proof, FailsForTextsThatDoNotParse) {
  EXPECT_FALSE(proves("insert into", "insert into ON CONFLICT (a) DO NOTHING", 0, kClause));
  EXPECT_FALSE(proves("", "ON CONFLICT (a) DO NOTHING", 0, kClause));
}

}  // namespace
}  // namespace pgconcord::parser
