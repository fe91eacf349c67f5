// The rows of rewrite.md section 6 (E), in its order, then what protocol.md 8.4 says about names.
#include "metrics/violation.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace pgconcord::metrics {

std::ostream& operator<<(std::ostream& out, const Violation& violation) {
  return out << violation.schema << '.' << violation.table << ' ' << violation.constraint << ' '
             << violation.kind << ' ' << violation.statement;
}

namespace {

struct Case {
  const char* what;
  ErrorFields fields;
  WriteKind statement;
  Violation expected;
};

ErrorFields fields(std::string_view sqlstate, std::string_view schema, std::string_view table,
                   std::string_view constraint) {
  return {.sqlstate = sqlstate,
          .schema = schema,
          .table = table,
          .constraint = constraint,
          .column = {},
          .datatype = {},
          .routine = {}};
}
ErrorFields with_column(ErrorFields error, std::string_view column) {
  error.column = column;
  return error;
}
ErrorFields of_domain(ErrorFields error, std::string_view domain) {
  error.datatype = domain;
  return error;
}
ErrorFields from(ErrorFields error, std::string_view routine) {
  error.routine = routine;
  return error;
}

void expect_rows(const std::vector<Case>& cases) {
  for (const Case& row : cases) {
    const auto violation = classify(row.fields, row.statement);
    ASSERT_TRUE(violation.has_value()) << row.what;
    EXPECT_EQ(testing::PrintToString(*violation), testing::PrintToString(row.expected)) << row.what;
  }
}

TEST(Violation, EveryRowOfTheTableOfErrorFields) {
  expect_rows({
      {"primary key",
       from(fields("23505", "public", "users", "users_pkey"), "_bt_check_unique"),
       WriteKind::Insert,
       {"public", "users", "users_pkey", "unique", "insert"}},
      {"unique constraint on update",
       fields("23505", "public", "users", "users_email_key"),
       WriteKind::Update,
       {"public", "users", "users_email_key", "unique", "update"}},
      {"unique index, by its own name",
       fields("23505", "public", "users", "users_lower_idx"),
       WriteKind::Copy,
       {"public", "users", "users_lower_idx", "unique", "copy"}},
      {"partition: the leaf and its index",
       fields("23505", "public", "events_2026", "weird4"),
       WriteKind::Insert,
       {"public", "events_2026", "weird4", "unique", "insert"}},
      {"CREATE UNIQUE INDEX on duplicates",
       from(fields("23505", "public", "users", "new_idx"), "comparetup_index_btree"),
       WriteKind::Other,
       {"public", "users", "new_idx", "unique", "ddl"}},
      {"the same on PostgreSQL 17",
       from(fields("23505", "public", "users", "new_idx"), "comparetup_index_btree_tiebreak"),
       WriteKind::Commit,
       {"public", "users", "new_idx", "unique", "ddl"}},
      {"deferred unique at COMMIT",
       fields("23505", "public", "users", "users_pos_key"),
       WriteKind::Commit,
       {"public", "users", "users_pos_key", "unique", "commit"}},
      {"deferred exclusion at COMMIT",
       fields("23P01", "public", "rooms", "rooms_excl"),
       WriteKind::Commit,
       {"public", "rooms", "rooms_excl", "exclusion", "commit"}},
      {"deferred foreign key at COMMIT",
       fields("23503", "public", "orders", "orders_user_fkey"),
       WriteKind::Commit,
       {"public", "orders", "orders_user_fkey", "foreign_key", "commit"}},
      {"not null has a column and no name",
       with_column(fields("23502", "public", "users", ""), "email"),
       WriteKind::Insert,
       {"public", "users", "column:email", "not_null", "insert"}},
      {"check",
       fields("23514", "public", "users", "users_age_check"),
       WriteKind::Insert,
       {"public", "users", "users_age_check", "check", "insert"}},
      {"exclusion",
       fields("23P01", "public", "rooms", "rooms_excl"),
       WriteKind::Insert,
       {"public", "rooms", "rooms_excl", "exclusion", "insert"}},
      {"no partition for the row: a check without a name",
       fields("23514", "public", "events", ""),
       WriteKind::Insert,
       {"public", "events", "unknown", "check", "insert"}},
      {"foreign key, insert of the child",
       fields("23503", "public", "orders", "orders_user_fkey"),
       WriteKind::Insert,
       {"public", "orders", "orders_user_fkey", "foreign_key", "insert"}},
      {"foreign key, delete of the parent: the child is named",
       fields("23503", "public", "orders", "orders_user_fkey"),
       WriteKind::Delete,
       {"public", "orders", "orders_user_fkey", "foreign_key", "delete"}},
      {"ON DELETE RESTRICT since PostgreSQL 18",
       fields("23001", "public", "orders", "orders_user_fkey"),
       WriteKind::Delete,
       {"public", "orders", "orders_user_fkey", "restrict", "delete"}},
      {"check of a domain: no table",
       of_domain(fields("23514", "public", "", "positive"), "money"),
       WriteKind::Insert,
       {"public", "unknown", "positive", "check", "insert"}},
      {"not null of a domain: neither table nor column",
       of_domain(fields("23502", "public", "", ""), "required"),
       WriteKind::Insert,
       {"public", "unknown", "unknown", "not_null", "insert"}},
      {"foreign table",
       from(fields("23505", "", "", ""), "pgfdw_report_error"),
       WriteKind::Insert,
       {"unknown", "unknown", "unknown", "unique", "insert"}},
      {"RAISE unique_violation",
       from(fields("23505", "", "", ""), "exec_stmt_raise"),
       WriteKind::Other,
       {"unknown", "unknown", "unknown", "unique", "other"}},
      {"temporary table",
       fields("23505", "pg_temp_7", "import", "import_pkey"),
       WriteKind::Copy,
       {"pg_temp", "import", "import_pkey", "unique", "copy"}},
      {"inside a function: the inner table",
       fields("23505", "audit", "log", "log_pkey"),
       WriteKind::Insert,
       {"audit", "log", "log_pkey", "unique", "insert"}},
  });
}

TEST(Violation, AViewWithCheckOptionIsNone) {
  EXPECT_FALSE(classify(fields("44000", "", "", ""), WriteKind::Insert));
}

TEST(Violation, OtherErrorsAreNone) {
  for (const char* sqlstate : {"", "23", "2350", "235055", "22P02", "22001", "42P10", "57014",
                               "40001", "23\n05", "2350a", "23-05"}) {
    EXPECT_FALSE(classify(fields(sqlstate, "public", "users", "users_pkey"), WriteKind::Copy))
        << sqlstate;
  }
}

TEST(Violation, OtherCodesOfTheClassAreKindOther) {
  for (const char* sqlstate : {"23000", "23ABC"}) {
    const auto violation = classify(fields(sqlstate, "", "", ""), WriteKind::Update);
    ASSERT_TRUE(violation) << sqlstate;
    EXPECT_EQ(violation->kind, "other");
    EXPECT_EQ(violation->constraint, "unknown");
  }
}

TEST(Violation, RaiseCannotForgeNames) {
  const auto forged = classify(
      with_column(from(fields("23502", "public", "users", "users_pkey"), "exec_stmt_raise"), "x"),
      WriteKind::Insert);
  ASSERT_TRUE(forged);
  EXPECT_EQ(testing::PrintToString(*forged), "unknown.unknown unknown not_null insert");
}

TEST(Violation, OnlyTheSchemasOfTemporaryTablesAreFolded) {
  const auto schema = [](std::string_view name) {
    return classify(fields("23505", name, "t", "t_pkey"), WriteKind::Insert)->schema;
  };
  EXPECT_EQ(schema("pg_temp_7"), "pg_temp");
  EXPECT_EQ(schema("pg_temp_1234567"), "pg_temp");
  EXPECT_EQ(schema("pg_temporal"), "pg_temporal");
  EXPECT_EQ(schema("pg_temp_x7"), "pg_temp_x7");
  EXPECT_EQ(schema("my_pg_temp_7"), "my_pg_temp_7");
}

TEST(Violation, SuffixesOfReindexConcurrentlyAreStripped) {
  const auto constraint = [](std::string_view sqlstate, std::string_view name) {
    return classify(fields(sqlstate, "public", "t", name), WriteKind::Insert)->constraint;
  };
  EXPECT_EQ(constraint("23505", "t_pkey_ccnew"), "t_pkey");
  EXPECT_EQ(constraint("23505", "t_pkey_ccnew1"), "t_pkey");
  EXPECT_EQ(constraint("23505", "t_pkey_ccold"), "t_pkey");
  EXPECT_EQ(constraint("23P01", "t_excl_ccold12"), "t_excl");
  EXPECT_EQ(constraint("23505", "_ccnew"), "_ccnew");
  EXPECT_EQ(constraint("23505", "t_key12"), "t_key12");
  EXPECT_EQ(constraint("23514", "t_check_ccnew"), "t_check_ccnew");  // no index, so its own name
}

TEST(Violation, EveryKindOfStatementHasItsLabel) {
  const auto label = [](WriteKind kind) {
    return classify(fields("23505", "public", "t", "t_pkey"), kind)->statement;
  };
  EXPECT_EQ(label(WriteKind::Insert), "insert");
  EXPECT_EQ(label(WriteKind::Update), "update");
  EXPECT_EQ(label(WriteKind::Delete), "delete");
  EXPECT_EQ(label(WriteKind::Copy), "copy");
  EXPECT_EQ(label(WriteKind::Commit), "commit");
  EXPECT_EQ(label(WriteKind::Ddl), "ddl");
  EXPECT_EQ(label(WriteKind::Other), "other");
}

}  // namespace
}  // namespace pgconcord::metrics
