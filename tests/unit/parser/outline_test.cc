#include "parser/outline.h"

#include <gmock/gmock.h>

#include <string>

namespace pgconcord::parser {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Outline outlined(std::string_view sql) {
  Outline out;
  outline(sql, out);
  return out;
}

TemplateKey key(std::string_view sql) { return outlined(sql).key; }

std::string text(std::string_view sql, const StatementSpan& span) {
  return std::string(sql.substr(span.begin, span.end - span.begin));
}

std::vector<std::string> statements(std::string_view sql) {
  std::vector<std::string> result;
  for (const StatementSpan& span : outlined(sql).statements) result.push_back(text(sql, span));
  return result;
}

std::string at_returning(std::string_view sql) {
  const StatementSpan span = outlined(sql).statements.at(0);
  return span.returning == kNoPosition ? "" : std::string(sql.substr(span.returning));
}

std::string repeat(std::string_view piece, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += piece;
  return result;
}

TEST(OutlineKey, LeavesOutLiteralsCommentsCaseAndWhiteSpace) {
  EXPECT_EQ(key("INSERT INTO t (a, b) VALUES (1, 'x')"),
            key("insert /* c */ into\nT (a,b)values(-- d\n22.5,E'it''s');"));
  EXPECT_EQ(key("select $$a$$"), key("select 'b'"));
}

TEST(OutlineKey, KeepsKindsOfLiteralsApart) {
  EXPECT_NE(key("select 1"), key("select '1'"));
  EXPECT_NE(key("select '1'"), key("select B'1'"));
  EXPECT_NE(key("select B'1'"), key("select X'1'"));
  EXPECT_NE(key("select '1'"), key("select N'1'"));
  EXPECT_NE(key("select n '1'"), key("select N'1'"));
}

TEST(OutlineKey, KeepsWordsThatAreValues) {
  EXPECT_NE(key("insert into t values (null)"), key("insert into t values (default)"));
  EXPECT_NE(key("insert into t values (null)"), key("insert into t values (1)"));
  EXPECT_NE(key("select true"), key("select false"));
}

TEST(OutlineKey, KeepsQuotedIdentifiersExactlyAndApartFromUnquotedOnes) {
  EXPECT_EQ(key("select A"), key("select a"));
  EXPECT_NE(key("select \"A\""), key("select \"a\""));
  EXPECT_NE(key("select \"a\""), key("select a"));
  EXPECT_NE(key("select \"a\" \"b\""), key("select \"a\"\"b\""));
  EXPECT_NE(key("select U&\"a\""), key("select \"a\""));
}

TEST(OutlineKey, KeepsParameterNumbers) {
  EXPECT_NE(key("select $1, $2"), key("select $2, $1"));
  EXPECT_NE(key("select $1 1"), key("select $11"));
}

TEST(OutlineKey, KeepsTokensApart) {
  EXPECT_NE(key("select a < = b"), key("select a <= b"));
  EXPECT_NE(key("select ab"), key("select a b"));
  EXPECT_NE(key("select a.b"), key("select a b"));
  EXPECT_NE(key("select longidentifier_a"), key("select longidentifier_b"));
}

TEST(OutlineKey, KeepsTheNumberThatChoosesATypeOfFloat) {
  EXPECT_NE(key("select a::float(10)"), key("select a::float(50)"));
  EXPECT_EQ(key("select a::numeric(10)"), key("select a::numeric(12)"));
}

TEST(OutlineKey, IgnoresEmptyStatements) {
  EXPECT_EQ(key(";; select 1 ;"), key("select 2"));
  EXPECT_NE(key("select 1; select 2"), key("select 1 select 2"));
}

TEST(OutlineKey, CoversTheWholeTextWhenInDoubt) {
  for (const char* sql : {"select 0x1F", "select 1_000", "select 'a", "select U&'a' uescape '!'",
                          "select U&\"a\" uescape '!'",
                          "create function f() returns int begin atomic select 1; end"}) {
    EXPECT_TRUE(outlined(sql).exact) << sql;
  }
  EXPECT_NE(key("select 0x1F"), key("select 0x1E"));
  EXPECT_NE(key("select U&'a' uescape '!'"), key("select U&'b' uescape '!'"));
  EXPECT_FALSE(outlined("select uescape, U&'a'").exact);
}

TEST(OutlineKey, NeverTakesAFullTextForATemplate) { EXPECT_NE(key("\x04'"), key("1")); }

TEST(OutlineRows, OneKeyHoldsForAnyNumberOfEqualRows) {
  const TemplateKey one = key("insert into t values (1, 'a')");
  EXPECT_EQ(key("insert into t values (1, 'a'), (2, 'b')"), one);
  EXPECT_EQ(key("insert into t values (1, 'a')" + repeat(",\n (7 , 'zz')", 999)), one);
}

TEST(OutlineRows, ParameterNumbersDoNotMakeAShape) {
  const TemplateKey one = key("insert into t values ($1, $2)");
  EXPECT_EQ(key("insert into t values ($1, $2), ($3, $4)"), one);
  EXPECT_EQ(key("insert into t values ($1, $2), ($3, $4), ($55, $66)"), one);
  EXPECT_NE(key("insert into t values ($1, $2), ($3, 4)"), one);
}

TEST(OutlineRows, KeysOfMixedRowsDoNotDependOnTheLengthOfTheirRuns) {
  EXPECT_EQ(key("insert into t values (1), (null), (null), ($1), ($2)"),
            key("insert into t values (1), (2), (null), ($5)"));
  EXPECT_NE(key("insert into t values (1), (null)"), key("insert into t values (null), (1)"));
}

TEST(OutlineRows, CountsTheRowsOfTheTopLevelListOnly) {
  EXPECT_EQ(outlined("insert into t values (1), (2), (3) returning id").statements[0].value_rows,
            3U);
  EXPECT_EQ(
      outlined("insert into t values (1), (2) on conflict do nothing;").statements[0].value_rows,
      2U);
  EXPECT_EQ(
      outlined("with x as (select 1) insert into t values (f(1, 2)), (3)").statements[0].value_rows,
      2U);
  for (const char* sql :
       {"insert into t select * from (values (1), (2)) v", "insert into t default values",
        "insert into t values (1), (2) limit 1", "insert into t values (1) union values (2)",
        "insert into t select 1 union values (1), (2)", "values (1), (2)",
        "insert into t values (1), (2) order by 1"}) {
    EXPECT_EQ(outlined(sql).statements[0].value_rows, 0U) << sql;
  }
}

TEST(OutlineRows, TakesValuesAsATableNameForWhatItIs) {
  EXPECT_EQ(outlined("insert into values (a) values (1), (2)").statements[0].value_rows, 2U);
  EXPECT_EQ(outlined("insert into t (\"values\") values (1)").statements[0].value_rows, 1U);
}

TEST(OutlineReduced, LeavesOutTheRowsThatRepeatTheOneBefore) {
  const std::string sql =
      "insert into t values (1, 'a;') /* x */ , (2, 'b'),(3,'c)') returning id; select 1";
  const Outline out = outlined(sql);
  EXPECT_EQ(reduced(sql, out), "insert into t values (1, 'a;') returning id; select 1");
  EXPECT_EQ(key(reduced(sql, out)), out.key);
}

TEST(OutlineReduced, LeavesOutTheLongestRunWhenThereAreSeveral) {
  const std::string sql = "insert into t values (1),(2),(null),(null),(null),(null)";
  EXPECT_EQ(reduced(sql, outlined(sql)), "insert into t values (1),(2),(null)");
}

TEST(OutlineReduced, WorksOnSeveralStatements) {
  const std::string sql = "insert into t values (1),(2); insert into u values ('a'),('b')";
  EXPECT_EQ(reduced(sql, outlined(sql)), "insert into t values (1); insert into u values ('a')");
}

TEST(OutlineReduced, LeavesExactTextsWhole) {
  const std::string sql = "insert into t values (0x1),(0x2)";
  EXPECT_EQ(reduced(sql, outlined(sql)), sql);
}

TEST(OutlineStatements, SplitsAtTopLevelSemicolons) {
  EXPECT_THAT(statements(" ;select ';' ; -- c;\n insert into t values ($$;$$) -- end"),
              ElementsAre("select ';'", "insert into t values ($$;$$)"));
  EXPECT_THAT(
      statements("create rule r as on insert to t do (delete from a; delete from b); select 1"),
      ElementsAre("create rule r as on insert to t do (delete from a; delete from b)", "select 1"));
  EXPECT_THAT(statements(" /* only */ -- comments\n ;"), IsEmpty());
}

TEST(OutlineStatements, TakesBeginAtomicTextsAsOneDdlStatement) {
  const Outline out = outlined(
      "create function f() returns void begin atomic insert into t values (1); select 1; end; "
      "select 2");
  ASSERT_EQ(out.statements.size(), 1U);
  EXPECT_EQ(out.statements[0].command, Command::Ddl);
  EXPECT_EQ(out.statements[0].returning, kNoPosition);
  EXPECT_TRUE(out.exact);
}

TEST(OutlineStatements, TellsTheirCommands) {
  const Outline out = outlined("begin; insert into t values (1); commit");
  ASSERT_EQ(out.statements.size(), 3U);
  EXPECT_EQ(out.statements[0].command, Command::Begin);
  EXPECT_EQ(out.statements[1].command, Command::Insert);
  EXPECT_EQ(out.statements[2].command, Command::Commit);
}

TEST(OutlineReturning, IsTheLastTopLevelKeyword) {
  EXPECT_EQ(at_returning("insert into t values (1) RETURNING id"), "RETURNING id");
  EXPECT_EQ(at_returning(
                "with x as (delete from t returning *) insert into t select * from x returning a"),
            "returning a");
  EXPECT_EQ(at_returning("insert into t values (1)returning/**/\"returning\" as returning"),
            "returning/**/\"returning\" as returning");
}

TEST(OutlineReturning, IsNoNameStringOrComment) {
  for (const char* sql :
       {"insert into t (\"returning\") values (1)", "insert into t select 1 as returning",
        "insert into t select x.returning from x", "insert into t select x . returning from x",
        "insert into t values ('returning')", "insert into t values ($$ returning $$)",
        "insert into t values (1) -- returning", "insert into t values (1) /* returning */",
        "insert into t select returning_ from x",
        "with x as (delete from t returning *) insert into t select * from x"}) {
    EXPECT_EQ(at_returning(sql), "") << sql;
  }
}

TEST(OutlineDepth, GrowsWithBracketsAndCase) {
  EXPECT_EQ(outlined("select 1").depth_max, 0U);
  EXPECT_EQ(outlined("select ((a[1]))").depth_max, 3U);
  EXPECT_GE(
      outlined("select " + repeat("case when 1 then ", 50) + "1" + repeat(" end", 50)).depth_max,
      50U);
}

TEST(OutlineDepth, GrowsWithEveryChainThatNestsTheTree) {
  for (const char* link :
       {"+1", "||'a'", "::int", " and a", " or not a", " collate \"C\"", " is true",
        " union all select 1,2", " except select a", " join t on true", " at time zone 'utc'",
        " operator(+) 1", " like a", " in (1)"}) {
    EXPECT_GE(outlined("select 1" + repeat(link, 400)).depth_max, 400U) << link;
  }
}

TEST(OutlineDepth, AddsTheChainsOfAllOpenLevels) {
  EXPECT_GE(outlined("select " + repeat("1+1+1+(", 100) + "1" + repeat(")", 100)).depth_max, 400U);
}

TEST(OutlineDepth, StaysLowForFlatLists) {
  EXPECT_LE(outlined("insert into t values " + repeat("(1+1, -2, 'a'||'b'),", 500) + "(1, 2, 3)")
                .depth_max,
            3U);
  EXPECT_LE(outlined("select " + repeat("a+1,", 500) + "1").depth_max, 2U);
  EXPECT_LE(outlined(repeat("select 1+1;", 500)).depth_max, 2U);
}

TEST(OutlineDepth, SurvivesBracketsThatDoNotMatch) {
  for (const std::string& sql :
       {repeat(")", 1000), repeat("(", 100000), repeat("case ", 1000) + repeat(")", 1000),
        repeat("end ", 1000), std::string("(case ) end ] (")}) {
    EXPECT_GT(outlined(sql).token_count, 0U);
  }
}

TEST(Outline, ReusesTheStorageOfEarlierTexts) {
  Outline out;
  outline("select 'a; select 1; insert into t values (1),(2)", out);
  EXPECT_TRUE(out.exact);
  outline("insert into t values (1)", out);
  EXPECT_FALSE(out.exact);
  EXPECT_EQ(out.statements.size(), 1U);
  EXPECT_EQ(out.key, key("insert into t values (2)"));
}

TEST(Outline, TakesAnEmptyText) {
  const Outline out = outlined("");
  EXPECT_EQ(out.token_count, 0U);
  EXPECT_THAT(out.statements, IsEmpty());
}

}  // namespace
}  // namespace pgconcord::parser
