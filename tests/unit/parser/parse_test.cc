#include "parser/parse.h"

#include <gmock/gmock.h>
#include <pthread.h>

#include <functional>
#include <string>
#include <variant>

#include "parser/outline.h"

namespace pgconcord::parser {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Statement> statements(std::string_view sql) {
  auto parsed = parse(sql);
  EXPECT_TRUE(parsed.has_value()) << sql << ": " << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : std::vector<Statement>();
}

Insert insert(std::string_view sql) {
  const std::vector<Statement> parsed = statements(sql);
  const Insert* found = parsed.empty() ? nullptr : std::get_if<Insert>(&parsed.front());
  EXPECT_NE(found, nullptr) << sql;
  return found == nullptr ? Insert() : *found;
}

Other other(std::string_view sql) {
  const std::vector<Statement> parsed = statements(sql);
  const Other* found = parsed.empty() ? nullptr : std::get_if<Other>(&parsed.front());
  EXPECT_NE(found, nullptr) << sql;
  return found == nullptr ? Other() : *found;
}

std::string refusal(std::string_view sql) {
  const auto parsed = parse(sql);
  return parsed ? "" : parsed.error().message;
}

std::string repeat(std::string_view piece, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += piece;
  return result;
}

// Runs `work` on a thread with `stack_bytes` of stack.
void on_stack(std::size_t stack_bytes, const std::function<void()>& work) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, stack_bytes), 0);
  pthread_t thread{};
  const auto run = [](void* task) -> void* {
    (*static_cast<const std::function<void()>*>(task))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, const_cast<std::function<void()>*>(&work)),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST(ParseInsert, ReadsNamesAsTheServerDoes) {
  const Insert found = insert("INSERT INTO Public.\"User\" AS U (Id, \"Name\") VALUES (1, 'x')");
  EXPECT_EQ(found.table, (RelationName{"public", "User"}));
  EXPECT_EQ(found.alias, "u");
  EXPECT_THAT(found.columns, ElementsAre("id", "Name"));
  EXPECT_FALSE(found.indirection);
  EXPECT_EQ(insert("insert into t values (1)").table, (RelationName{"", "t"}));
  EXPECT_THAT(insert("insert into t values (1)").columns, IsEmpty());
}

TEST(ParseInsert, SeesFieldAndElementTargets) {
  EXPECT_TRUE(insert("insert into t (a, b[1]) values (1, 2)").indirection);
  EXPECT_TRUE(insert("insert into t (a.b) values (1)").indirection);
}

TEST(ParseInsert, TellsValuesDefaultsAndQueriesApart) {
  EXPECT_EQ(insert("insert into t values (1)").source, InsertSource::Values);
  EXPECT_EQ(insert("insert into t default values").source, InsertSource::DefaultValues);
  for (const char* sql :
       {"insert into t select 1", "insert into t (select 1)", "insert into t table s",
        "insert into t values (1) limit 1", "insert into t values (1), (2) order by 1",
        "insert into t values (1) union select 2",
        "insert into t (with x as (select 1) select * from x)",
        "insert into t with x as (select 1) values (1)"}) {
    EXPECT_EQ(insert(sql).source, InsertSource::Query) << sql;
    EXPECT_THAT(insert(sql).values, IsEmpty()) << sql;
  }
  EXPECT_EQ(insert("insert into t (values (1))").source, InsertSource::Values);
}

TEST(ParseInsert, SumsUpEveryColumnOverAllRows) {
  const std::vector<ColumnValues> values =
      insert(
          "insert into t values (1, -2, default, $1, now(), 'x'::text), (null, 2.5, 3, $2::int, "
          "null::int, true)")
          .values;
  ASSERT_EQ(values.size(), 6U);
  const auto flags = [](const ColumnValues& v) {
    return std::string(v.any_default ? "d" : "") + (v.any_null ? "n" : "") +
           (v.any_parameter ? "p" : "") + (v.any_expression ? "e" : "");
  };
  EXPECT_EQ(flags(values[0]), "n");
  EXPECT_EQ(flags(values[1]), "");
  EXPECT_EQ(flags(values[2]), "d");
  EXPECT_EQ(flags(values[3]), "p");
  EXPECT_EQ(flags(values[4]), "ne");
  EXPECT_EQ(flags(values[5]), "");
}

TEST(ParseInsert, TakesEverythingThatIsNoLiteralForAnExpression) {
  for (const char* value : {"nextval('s')", "1 + 1", "- $1", "(select 1)", "row(1)", "array[1]",
                            "case when true then 1 end", "current_date", "coalesce(null, 1)",
                            "nextval('s')::int", "null collate \"C\""}) {
    const auto values = insert("insert into t values (" + std::string(value) + ")").values;
    ASSERT_EQ(values.size(), 1U);
    EXPECT_TRUE(values[0].any_expression) << value;
    EXPECT_FALSE(values[0].any_null) << value;
  }
}

TEST(ParseInsert, SeesClausesAndOverriding) {
  const Insert plain = insert("insert into t values (1)");
  EXPECT_FALSE(plain.has_on_conflict);
  EXPECT_FALSE(plain.has_returning);
  EXPECT_EQ(plain.overriding, Overriding::None);
  const Insert full =
      insert("insert into t overriding system value values (1) on conflict do nothing returning *");
  EXPECT_TRUE(full.has_on_conflict);
  EXPECT_TRUE(full.has_returning);
  EXPECT_EQ(full.overriding, Overriding::SystemValue);
  EXPECT_FALSE(full.is_ordered);
  EXPECT_TRUE(insert("insert into t select 1 union select 2 order by 1 returning *").is_ordered);
  EXPECT_FALSE(insert("insert into t select * from (select 1 order by 1) s").is_ordered);
  EXPECT_EQ(insert("insert into t overriding user value values (1)").overriding,
            Overriding::UserValue);
}

TEST(ParseInsert, ListsTheTablesItsCtesWrite) {
  const Insert found = insert(
      "with a as (delete from s.x returning *), b as (update y set k=1 returning *), c as (insert "
      "into \"Z\" values (1)), d as "
      "(select 1) insert into t select * from a");
  EXPECT_EQ(found.table.name, "t");
  EXPECT_THAT(found.with_writes,
              ElementsAre(RelationName{"s", "x"}, RelationName{"", "y"}, RelationName{"", "Z"}));
  EXPECT_THAT(insert("with d as (select 1) insert into t select * from d").with_writes, IsEmpty());
}

TEST(ParseOther, SeesInsertsThatAreNotAtTopLevel) {
  const std::pair<const char*, Command> cases[] = {
      {"explain analyze insert into a.t values (1)", Command::Other},
      {"prepare p as insert into a.t values ($1)", Command::Prepare},
      {"with x as (insert into a.t values (1) returning *) select * from x", Command::With},
      {"(with x as (insert into a.t values (1) returning *) select * from x)", Command::With},
      {"with x as (insert into a.t values (1) returning *) delete from b", Command::With},
      {"copy (insert into a.t values (1) returning *) to stdout", Command::Copy},
      {"create rule r as on insert to v do instead insert into a.t values (1)", Command::Ddl},
      {"create function f() returns void begin atomic insert into a.t values (1); end",
       Command::Ddl},
  };
  for (const auto& [sql, command] : cases) {
    const Other found = other(sql);
    EXPECT_EQ(found.command, command) << sql;
    EXPECT_TRUE(found.hides_insert) << sql;
    EXPECT_THAT(found.hidden_tables, ElementsAre(RelationName{"a", "t"})) << sql;
  }
}

TEST(ParseOther, HidesNothingWhereThereIsNoInsert) {
  for (const char* sql : {"select 'insert into t values (1)'", "delete from t",
                          "do $$ begin insert into t values (1); end $$",
                          "with x as (delete from t returning *) select * from x"}) {
    EXPECT_FALSE(other(sql).hides_insert) << sql;
  }
}

TEST(ParseOther, SeesUpdatesThatAreNotAtTopLevel) {
  for (const char* sql : {"explain update a.t set b = 1 where c = 2",
                          "with x as (update a.t set b = 1 returning *) select * from x",
                          "prepare p as update a.t set b = $1"}) {
    EXPECT_THAT(other(sql).hidden_updates, ElementsAre(RelationName{"a", "t"})) << sql;
    EXPECT_FALSE(other(sql).hides_insert) << sql;
  }
}

TEST(Parse, GivesStatementsInOrder) {
  const auto parsed = statements(
      "/* a */ begin; ;insert into t values (1) ; -- b\n insert into u values (';'); commit");
  ASSERT_EQ(parsed.size(), 4U);
  EXPECT_EQ(std::get<Other>(parsed[0]).command, Command::Begin);
  EXPECT_EQ(std::get<Insert>(parsed[1]).table.name, "t");
  EXPECT_EQ(std::get<Insert>(parsed[2]).table.name, "u");
  EXPECT_EQ(std::get<Other>(parsed[3]).command, Command::Commit);
  EXPECT_THAT(statements(" -- nothing\n;"), IsEmpty());
}

TEST(ParseRefuses, SyntaxItDoesNotKnowWithItsPosition) {
  const auto parsed = parse("insert into t values (1) bogus");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_THAT(parsed.error().message, HasSubstr("syntax error"));
  EXPECT_EQ(parsed.error().position, 26U);
  EXPECT_NE(refusal("insert into t values (0x1F)"), "");
}

TEST(ParseRefuses, NulBytesAndInvalidUtf8) {
  EXPECT_THAT(refusal(std::string_view("select 1\0; drop table t", 22)), HasSubstr("NUL"));
  EXPECT_THAT(refusal("select '\xff'"), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal("select '\xc3"), HasSubstr("UTF-8"));
  EXPECT_EQ(refusal("select '\xc3\xa4'"), "");
}

TEST(ParseRefuses, TextsThatDoNotFitTheStack) {
  on_stack(512 * 1024, [] {
    EXPECT_THAT(refusal("select 1" + repeat("+1", 2048)), HasSubstr("stack"));
    EXPECT_EQ(refusal("select 1" + repeat("+1", 100)), "");
  });
  on_stack(64 * 1024, [] { EXPECT_THAT(refusal("select 1"), HasSubstr("stack")); });
}

// rewrite.md G3, protocol.md 8.5: these kill a process that parses them on a small stack.
TEST(ParseSurvives, TextsThatNestWithoutEnd) {
  const std::pair<std::string, std::string> shapes[] = {{"1", "+1"},
                                                        {"1", "||1"},
                                                        {"1", "::a"},
                                                        {"1", " union all select 1"},
                                                        {"1", " collate a"},
                                                        {"1", "=1 and 1"},
                                                        {"* from a", " join a on 1"},
                                                        {"1", " is true"},
                                                        {"1", "[1]"},
                                                        {"1", " at time zone 1"}};
  for (const std::size_t bytes : {8U << 10U, 47U << 10U, 130U << 10U, 200U << 10U}) {
    for (const std::size_t stack : {512U << 10U, 8U << 20U, 64U << 20U}) {
      for (const auto& [head, link] : shapes) {
        const std::string sql = "select " + head + repeat(link, bytes / link.size());
        on_stack(stack, [&sql] { (void)parse(sql); });
      }
      on_stack(stack, [bytes] {
        (void)parse("select " + repeat("(", bytes / 2) + "1" + repeat(")", bytes / 2));
        (void)parse("select " + repeat("not ", bytes / 8) + "1" + repeat("f(", bytes / 4));
        (void)parse("select " + repeat("case when ", bytes / 10));
      });
    }
  }
}

TEST(ParseSurvives, WhatTheDepthLimitOfAnOutlineLetsThrough) {
  const std::string nested =
      "select " + repeat("(case when a then f((select 1 + b[", 80) + "1" + repeat("])) end)", 80);
  Outline out;
  outline(nested, out);
  EXPECT_LE(out.depth_max, 600U);
  on_stack(64U << 20U, [&nested] { EXPECT_EQ(refusal(nested), ""); });
  const std::string chain = "insert into t values (1" + repeat("+1", 498) + ")";
  outline(chain, out);
  EXPECT_LE(out.depth_max, 500U);
  EXPECT_EQ(refusal(chain), "");
}

}  // namespace
}  // namespace pgconcord::parser
