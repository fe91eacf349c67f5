#include "proxy/admin/suggestion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgconcord::admin {
namespace {

using metrics::Cause;
using metrics::IncidentGroup;
using metrics::Outcome;
using testing::HasSubstr;
using testing::Not;

IncidentGroup group(std::string_view kind, std::string_view statement, Cause cause) {
  IncidentGroup group;
  group.database = "shop";
  group.violation = {"public", "users", "users_email_key", kind, statement};
  group.text = "INSERT INTO users (email) VALUES ($1) RETURNING id";
  group.key_columns = "email";
  group.count = 10;
  group.causes[static_cast<std::size_t>(cause)] = 10;
  group.outcomes[static_cast<std::size_t>(Outcome::RolledBack)] = 10;
  return group;
}

Suggestion only(const IncidentGroup& evidence) {
  const auto list = suggestions({evidence});
  EXPECT_EQ(list.size(), 1U);
  return list.at(0);
}

TEST(Suggest, ARaceOnAStatementThatReturnsTheRow) {
  const Suggestion suggestion = only(group("unique", "insert", Cause::Race));
  EXPECT_EQ(suggestion.verdict, Verdict::ReturnExisting);
  EXPECT_EQ(suggestion.yaml,
            "  - name: users-email-key\n    mode: observe\n    table: public.users\n"
            "    constraint: users_email_key\n    action: return_existing\n");
  EXPECT_THAT(suggestion.evidence, HasSubstr("10 violations, 100 % by insert, 100 % race"));
  EXPECT_FALSE(suggestion.cautions.empty());
}

TEST(Suggest, AnImportThatReturnsNothing) {
  IncidentGroup import = group("unique", "copy", Cause::RepeatedImport);
  import.text = "COPY users FROM STDIN";
  EXPECT_EQ(only(import).verdict, Verdict::DoNothing);
}

TEST(Suggest, ALaggingSequenceIsRepairedNotIgnored) {
  IncidentGroup drift = group("unique", "insert", Cause::SequenceDrift);
  drift.key_columns = "id";
  const Suggestion suggestion = only(drift);
  EXPECT_EQ(suggestion.verdict, Verdict::RepairSequence);
  EXPECT_EQ(suggestion.yaml, "");
  EXPECT_EQ(suggestion.sql,
            "SELECT setval(pg_get_serial_sequence('\"public\".\"users\"', 'id'), edge) FROM "
            "(SELECT max(\"id\") AS edge FROM \"public\".\"users\") AS keys WHERE edge > "
            "COALESCE(pg_sequence_last_value(pg_get_serial_sequence('\"public\".\"users\"', "
            "'id')::regclass), 0);");
}

TEST(Suggest, MovesASequenceItKnowsOnlyForward) {
  IncidentGroup drift = group("unique", "insert", Cause::SequenceDrift);
  drift.key_columns = "id";
  drift.sequence = "public.numbers";
  EXPECT_EQ(only(drift).sql,
            "SELECT setval('public.numbers', edge) FROM (SELECT max(\"id\") AS edge FROM "
            "\"public\".\"users\") AS keys WHERE edge >= (SELECT CASE WHEN is_called THEN "
            "last_value + 1 ELSE last_value END FROM public.numbers);");
}

TEST(Suggest, SaysNothingOfOutcomesNobodySaw) {
  IncidentGroup seen = group("unique", "insert", Cause::Race);
  seen.outcomes = {};
  EXPECT_THAT(only(seen).evidence, Not(HasSubstr("recovered")));
}

TEST(Suggest, QuotesNamesThatAreNoWords) {
  IncidentGroup drift = group("unique", "insert", Cause::SequenceDrift);
  drift.violation.table = "o'x\"y";
  drift.key_columns = "id";
  EXPECT_THAT(only(drift).sql, HasSubstr("'\"public\".\"o''x\"\"y\"'"));
  IncidentGroup race = group("unique", "insert", Cause::Race);
  race.violation.constraint = "a: b\"";
  EXPECT_THAT(only(race).yaml, HasSubstr("constraint: \"a: b\\\"\"\n"));
}

TEST(Suggest, WhatTheApplicationHandlesIsLeftAlone) {
  IncidentGroup handled = group("unique", "insert", Cause::Race);
  handled.outcomes = {};
  handled.outcomes[static_cast<std::size_t>(Outcome::Recovered)] = 10;
  EXPECT_EQ(only(handled).verdict, Verdict::Handled);
}

TEST(Suggest, NoUpsertWhereNoneCanCure) {
  EXPECT_EQ(only(group("unique", "update", Cause::Unknown)).verdict, Verdict::NoUpsert);
  EXPECT_EQ(only(group("foreign_key", "insert", Cause::Unknown)).verdict, Verdict::NoUpsert);
  EXPECT_EQ(only(group("check", "insert", Cause::Unknown)).verdict, Verdict::NoUpsert);
  EXPECT_EQ(only(group("not_null", "insert", Cause::Unknown)).verdict, Verdict::NoUpsert);
}

TEST(Suggest, NothingIsInventedWithoutEvidence) {
  const Suggestion suggestion = only(group("unique", "insert", Cause::Unknown));
  EXPECT_EQ(suggestion.verdict, Verdict::Ambiguous);
  EXPECT_EQ(suggestion.yaml, "");
}

TEST(Suggest, AddsUpTheStatementsOfOneConstraint) {
  IncidentGroup other = group("unique", "insert", Cause::Race);
  other.application = "batch";
  IncidentGroup rare = group("unique", "insert", Cause::Race);
  rare.violation.constraint = "users_slug_key";
  rare.count = 1;
  const auto list = suggestions({rare, group("unique", "insert", Cause::Race), other});
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].count, 20U);
  EXPECT_EQ(list[1].constraint, "users_slug_key");
}

}  // namespace
}  // namespace pgconcord::admin
