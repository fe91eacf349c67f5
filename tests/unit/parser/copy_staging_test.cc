#include "parser/copy_staging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parser/parse.h"

namespace pgconcord::parser {
namespace {

constexpr std::string_view kClause = "ON CONFLICT (email) DO NOTHING";

struct Made {
  Copy copy;
  Outline outline;
  StagedCopy staged;
  std::string edited;
};

Staging two_columns() {
  Staging staging;
  staging.columns = {"email", "Name"};
  return staging;
}

Made made(std::string_view sql, const Staging& staging = two_columns()) {
  Made result;
  const auto parsed = parse(sql);
  EXPECT_TRUE(parsed && parsed->size() == 1) << sql;
  const auto* copy = parsed ? std::get_if<Copy>(&parsed->front()) : nullptr;
  EXPECT_NE(copy, nullptr) << sql;
  if (copy == nullptr) return result;
  result.copy = *copy;
  outline(sql, result.outline);
  const StatementSpan& span = result.outline.statements.at(0);
  result.staged = staged_copy(*copy, staging, kClause, sql, span);
  result.edited = apply(sql, {staged_copy_edit(result.staged, span)});
  return result;
}

bool proven(std::string_view sql, const Staging& staging = two_columns()) {
  const Made it = made(sql, staging);
  return proves_staged_copy(sql, it.edited, it.staged, staging);
}

TEST(CopyFacts, TellWhereTheDataComeFrom) {
  EXPECT_EQ(made("COPY t FROM STDIN").copy.source, Copy::Source::Stdin);
  EXPECT_EQ(made("COPY t FROM 'f'").copy.source, Copy::Source::File);
  EXPECT_EQ(made("COPY t FROM PROGRAM 'p'").copy.source, Copy::Source::Program);
}

TEST(CopyFacts, NamesAreAsTheServerReadsThem) {
  const Copy copy = made("copy \"S\".T (A, \"B\"\"b\") from stdin").copy;
  EXPECT_EQ(copy.table, (RelationName{"S", "t"}));
  EXPECT_THAT(copy.columns, testing::ElementsAre("a", "B\"b"));
}

TEST(CopyFacts, OptionsThatMatterAreFoundInBothSyntaxes) {
  EXPECT_TRUE(made("COPY t FROM STDIN FREEZE").copy.freezes);
  EXPECT_TRUE(made("COPY t FROM STDIN (FORMAT csv, FREEZE off)").copy.freezes);
  EXPECT_FALSE(made("COPY t FROM STDIN (FORMAT csv, NULL 'freeze')").copy.freezes);
  EXPECT_TRUE(made("COPY t FROM STDIN (DEFAULT '?')").copy.reads_defaults);
  EXPECT_FALSE(made("COPY t FROM STDIN (NULL 'default')").copy.reads_defaults);
}

TEST(CopyFacts, AFilterSaysWhatItReads) {
  const Copy plain = made("COPY t FROM STDIN WHERE a > 1 AND lower(b) LIKE 'x'").copy;
  EXPECT_TRUE(plain.filter_is_plain);
  EXPECT_THAT(plain.filter_columns, testing::ElementsAre("a", "b"));
  EXPECT_FALSE(made("COPY t FROM STDIN WHERE t.a > 1").copy.filter_is_plain);
  EXPECT_FALSE(made("COPY t FROM STDIN WHERE t IS NOT NULL AND t.* = 1").copy.filter_is_plain);
  EXPECT_FALSE(made("COPY t FROM STDIN WHERE a > (SELECT 1)").copy.filter_is_plain);
}

TEST(StagedCopy, KeepsTheClientsTextFromFromOn) {
  const Made it =
      made("/* é */ COPY s.t ( email /* c */ , name ) /* d */ FROM /* e */ STDIN CSV ;");
  EXPECT_EQ(it.staged.copy,
            "COPY pg_temp.__pgconcord_copy (email, \"Name\") FROM /* e */ STDIN CSV");
  EXPECT_EQ(it.staged.copy.substr(it.staged.kept_at), "FROM /* e */ STDIN CSV");
  EXPECT_EQ(it.edited.substr(0, 26), "/* é */ CREATE TEMPORARY ");
  EXPECT_TRUE(it.edited.ends_with("DROP TABLE pg_temp.__pgconcord_copy ;"));
}

TEST(StagedCopy, IsProvenForEveryShape) {
  EXPECT_TRUE(proven("COPY t FROM STDIN"));
  EXPECT_TRUE(proven("COPY BINARY \"T\" (a) FROM STDIN"));
  EXPECT_TRUE(proven("copy db.s.t(a,b)from stdin with (format csv, null ';') where a = ';' -- x"));
  Staging all = two_columns();
  all.repeats = Staging::Repeats::Refused;
  all.overrides_identity = true;
  all.key_elements = "lower(email), \"Name\"";
  all.key_predicate = "(\"Name\" IS NOT NULL)";
  all.nulls_not_distinct = true;
  all.defaults = {{"Name", "'x'::text"}};
  EXPECT_TRUE(proven("COPY t FROM STDIN", all));
  all.repeats = Staging::Repeats::LastKept;
  EXPECT_TRUE(proven("COPY t FROM STDIN", all));
}

// What the catalog gives is spliced in: whatever it holds must stay where it belongs.
TEST(StagedCopy, IsNotProvenWhereAPieceIsMoreThanItself) {
  Staging odd = two_columns();
  odd.repeats = Staging::Repeats::Refused;
  odd.key_elements = "email); DROP TABLE t; SELECT (1";
  EXPECT_FALSE(proven("COPY t FROM STDIN", odd));
  odd.key_elements = "email) --";
  EXPECT_FALSE(proven("COPY t FROM STDIN", odd));
  odd = two_columns();
  odd.defaults = {{"Name", "1; SELECT 1"}};
  EXPECT_FALSE(proven("COPY t FROM STDIN", odd));
}

TEST(StagedCopy, IsNotProvenForAnotherText) {
  const Made it = made("COPY t FROM STDIN");
  const Staging staging = two_columns();
  EXPECT_TRUE(proves_staged_copy("COPY t FROM STDIN", it.edited, it.staged, staging));
  EXPECT_FALSE(proves_staged_copy("COPY u FROM STDIN", it.edited, it.staged, staging));
  EXPECT_FALSE(proves_staged_copy("COPY t FROM STDIN CSV", it.edited, it.staged, staging));
  EXPECT_FALSE(proves_staged_copy("COPY t FROM STDIN WHERE a = 1", it.edited, it.staged, staging));
  EXPECT_FALSE(proves_staged_copy("COPY t TO STDOUT", it.edited, it.staged, staging));
  EXPECT_FALSE(proves_staged_copy("SELECT 1", it.edited, it.staged, staging));
  Staging other = staging;
  other.columns = {"email"};
  EXPECT_FALSE(proves_staged_copy("COPY t FROM STDIN", it.edited, it.staged, other));
}

}  // namespace
}  // namespace pgconcord::parser
