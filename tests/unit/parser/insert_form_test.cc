// Facts of UPDATEs by key, the INSERT made of them, and what its proof refuses. What policies make
// of them is tests/golden/decide/insert_missing.test.
#include "parser/insert_form.h"

#include <gtest/gtest.h>

#include <string>

#include "parser/parse.h"

namespace pgconcord::parser {
namespace {

Outline outlined(std::string_view sql) {
  Outline out;
  outline(sql, out);
  return out;
}

Update update_in(std::string_view sql, std::size_t index = 0) {
  const auto parsed = parse(sql);
  const Update* found = parsed ? std::get_if<Update>(&parsed->at(index)) : nullptr;
  EXPECT_NE(found, nullptr) << sql;
  return found == nullptr ? Update() : *found;
}

// Every key and every value of the statement, as it stands.
InsertForm plain_form(const Update& update) {
  InsertForm form;
  form.target.elements = "k";
  for (std::size_t i = 0; i < update.keys.size(); ++i) {
    form.columns.push_back({update.keys[i].column, InsertColumn::Source::Key, i, ""});
  }
  for (std::size_t i = 0; i < update.assignments.size(); ++i) {
    form.columns.push_back({update.assignments[i].column, InsertColumn::Source::Assignment, i, ""});
  }
  return form;
}

std::string rewritten(std::string_view sql, std::size_t index = 0) {
  const Update update = update_in(sql, index);
  if (!update.by_key) return "not by key";
  const InsertForm form = plain_form(update);
  const std::string edited =
      apply(sql, {insert_form_edit(update, form, sql, outlined(sql).statements.at(index))});
  return proves_insert_form(sql, edited, index, form) ? edited : "not proven: " + edited;
}

TEST(InsertForm, KeepsWhatStandsAroundTheStatement) {
  EXPECT_EQ(rewritten("-- a\nUPDATE t SET a = 1 WHERE k = 2 /* b */ ; -- c"),
            "-- a\nINSERT INTO t (k, a) VALUES (2, 1) ON CONFLICT (k) DO UPDATE SET a = EXCLUDED.a"
            " /* b */ ; -- c");
  EXPECT_EQ(rewritten("SELECT 'update'; UPDATE t SET a = $1 WHERE k = $2; SELECT 2", 1),
            "SELECT 'update'; INSERT INTO t (k, a) VALUES ($2, $1) ON CONFLICT (k) DO UPDATE SET "
            "a = EXCLUDED.a; SELECT 2");
}

TEST(InsertForm, ReadsValuesOfEveryKind) {
  EXPECT_EQ(
      rewritten("UPDATE t SET a=-1,b=(x(1,2)),\"set\"='where',c=ARRAY[1,2],d=E'\\''WHERE k=1"),
      "INSERT INTO t (k, a, b, set, c, d) VALUES (1, -1, (x(1,2)), 'where', ARRAY[1,2], "
      "E'\\'') ON CONFLICT (k) DO UPDATE SET a = EXCLUDED.a, b = EXCLUDED.b, set = "
      "EXCLUDED.set, c = EXCLUDED.c, d = EXCLUDED.d");
}

TEST(InsertForm, IsTheSameForEveryTextOfATemplate) {
  const std::string first = "UPDATE t SET a = 'x' WHERE k = 1 RETURNING a";
  const std::string second = "update  T set a='a longer; text'/* why */where k=12345 returning a";
  ASSERT_EQ(outlined(first).key, outlined(second).key);
  const Update update = update_in(first);
  const InsertForm form = plain_form(update);
  const std::string edited =
      apply(second, {insert_form_edit(update, form, second, outlined(second).statements.at(0))});
  EXPECT_EQ(edited,
            "INSERT INTO t (k, a) VALUES (12345, 'a longer; text') ON CONFLICT (k) DO UPDATE SET "
            "a = EXCLUDED.a returning a");
  EXPECT_TRUE(proves_insert_form(second, edited, 0, form));
}

TEST(InsertForm, IsRefusedByItsProofWhereAnythingElseChanged) {
  const std::string original = "UPDATE t SET a = 1, b = 'x' WHERE k = $1 RETURNING a";
  const InsertForm form = plain_form(update_in(original));
  const std::string head = "INSERT INTO t (k, a, b) VALUES ($1, 1, 'x') ";
  const std::string clause =
      "ON CONFLICT (k) DO UPDATE SET a = EXCLUDED.a, b = EXCLUDED.b RETURNING a";
  ASSERT_TRUE(proves_insert_form(original, head + clause, 0, form));
  for (const std::string& wrong : {
           "INSERT INTO u (k, a, b) VALUES ($1, 1, 'x') " + clause,
           "INSERT INTO t AS x (k, a, b) VALUES ($1, 1, 'x') " + clause,
           "INSERT INTO t (k, b, a) VALUES ($1, 1, 'x') " + clause,
           "INSERT INTO t (k, a) VALUES ($1, 1) " + clause,
           "INSERT INTO t (k, a, b) VALUES ($2, 1, 'x') " + clause,
           "INSERT INTO t (k, a, b) VALUES ($1, 2, 'x') " + clause,
           "INSERT INTO t (k, a, b) VALUES ($1, 1, 'y') " + clause,
           "INSERT INTO t (k, a, b) VALUES ($1, 1, 'x'), ($1, 1, 'x') " + clause,
           "INSERT INTO t (k, a, b) OVERRIDING SYSTEM VALUE VALUES ($1, 1, 'x') " + clause,
           "WITH z AS (SELECT 1) " + head + clause,
           head + "RETURNING a",
           head + "ON CONFLICT (k) DO NOTHING RETURNING a",
           head + "ON CONFLICT (l) DO UPDATE SET a = EXCLUDED.a, b = EXCLUDED.b RETURNING a",
           head + "ON CONFLICT (k) DO UPDATE SET a = EXCLUDED.a RETURNING a",
           head + "ON CONFLICT (k) DO UPDATE SET a = EXCLUDED.b, b = EXCLUDED.b RETURNING a",
           head + "ON CONFLICT (k) DO UPDATE SET a = t.a, b = EXCLUDED.b RETURNING a",
           head + "ON CONFLICT (k) DO UPDATE SET a = EXCLUDED.a, b = EXCLUDED.b RETURNING b",
           head + "ON CONFLICT (k) DO UPDATE SET a = EXCLUDED.a, b = EXCLUDED.b",
           head + "ON CONFLICT (k) DO UPDATE SET a = EXCLUDED.a, b = EXCLUDED.b WHERE true "
                  "RETURNING a",
           head + clause + "; SELECT 1",
           original,
       }) {
    EXPECT_FALSE(proves_insert_form(original, wrong, 0, form)) << wrong;
  }
}

TEST(UpdateFacts, TellWhatAValueReads) {
  const Update update =
      update_in("UPDATE t AS x SET a = b + x.c, d = (SELECT 1), e = now(), f = u.b WHERE k = $1");
  ASSERT_TRUE(update.by_key);
  EXPECT_TRUE(update.assignments[0].reads_row && update.assignments[0].can_be_qualified);
  EXPECT_EQ(update.assignments[0].columns_read, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(update.assignments[0].bare_columns.size(), 1U);
  EXPECT_TRUE(update.assignments[1].reads_row && !update.assignments[1].can_be_qualified);
  EXPECT_FALSE(update.assignments[2].reads_row);
  EXPECT_TRUE(update.assignments[3].reads_row && !update.assignments[3].can_be_qualified);
}

TEST(UpdateFacts, TellWhetherACteWrites) {
  EXPECT_FALSE(update_in("update t set a = 1").with_writes);
  EXPECT_FALSE(update_in("with d as (select 1) update t set a = 1 from d").with_writes);
  EXPECT_TRUE(update_in("with d as (delete from x) update t set a = 1").with_writes);
  EXPECT_TRUE(
      update_in("with d as (update t set b = 1 returning 1) update t set a = 1").with_writes);
}

TEST(UpdateFacts, TellTheKindOfAKey) {
  using Kind = KeyValue::Kind;
  const auto kind = [](const std::string& value) {
    const Update update = update_in("UPDATE t SET a = $1 WHERE k = " + value);
    return update.keys.size() == 1 ? update.keys[0].kind : Kind::Other;
  };
  EXPECT_EQ(kind("$2"), Kind::Parameter);
  EXPECT_EQ(kind("'a'"), Kind::Text);
  EXPECT_EQ(kind("$$a$$"), Kind::Text);
  EXPECT_EQ(kind("5"), Kind::Number);
  EXPECT_EQ(kind("1.5"), Kind::Number);
  for (const char* other : {"-5", "NULL", "true", "$2::int", "int '5'", "B'1'", "x'1'", "f(1)",
                            "1 + 1", "(SELECT 1)", "N'a'", "CURRENT_DATE"}) {
    EXPECT_EQ(kind(other), Kind::Other) << other;
  }
  const Update shared = update_in("UPDATE t SET a = $1 WHERE k = $1 AND l = $2");
  EXPECT_TRUE(shared.keys[0].parameter_is_shared);
  EXPECT_FALSE(shared.keys[1].parameter_is_shared);
}

}  // namespace
}  // namespace pgconcord::parser
