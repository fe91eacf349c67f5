// The table of rewrite.md section 6 (E): which fields the server sends for which violation.
#include "metrics/violation.h"

#include <algorithm>

namespace pgconcord::metrics {
namespace {

constexpr std::string_view kUnknown = "unknown";
constexpr std::string_view kNotNullViolation = "23502";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_sqlstate_character(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }

bool is_integrity_violation(std::string_view sqlstate) {
  return sqlstate.size() == 5 && sqlstate.starts_with("23") &&
         std::all_of(sqlstate.begin(), sqlstate.end(), is_sqlstate_character);
}

std::string_view kind_of(std::string_view sqlstate) {
  if (sqlstate == "23505") return "unique";
  if (sqlstate == "23503") return "foreign_key";
  if (sqlstate == kNotNullViolation) return "not_null";
  if (sqlstate == "23514") return "check";
  if (sqlstate == "23P01") return "exclusion";
  if (sqlstate == "23001") return "restrict";
  return "other";
}

std::string_view name_of(WriteKind statement) {
  switch (statement) {
    case WriteKind::Insert:
      return "insert";
    case WriteKind::Update:
      return "update";
    case WriteKind::Delete:
      return "delete";
    case WriteKind::Copy:
      return "copy";
    case WriteKind::Commit:
      return "commit";
    case WriteKind::Ddl:
      return "ddl";
    case WriteKind::Other:
      return "other";
  }
  return "other";
}

// An index build that finds duplicates: no row was refused. PostgreSQL 17 raises it in
// comparetup_index_btree_tiebreak.
bool found_while_building(std::string_view routine) {
  return routine.starts_with("comparetup_index_btree");
}

// RAISE ... USING CONSTRAINT = ..., TABLE = ... can claim any name (protocol.md 8.4).
bool raised_by_user(std::string_view routine) { return routine == "exec_stmt_raise"; }

std::string_view without_last_digits(std::string_view name) {
  while (!name.empty() && is_digit(name.back())) name.remove_suffix(1);
  return name;
}

// `pg_temp_7` names a session, not a schema.
std::string schema_label(std::string_view schema) {
  if (schema.empty()) return std::string(kUnknown);
  const bool temporary =
      schema.starts_with("pg_temp_") && without_last_digits(schema) == "pg_temp_";
  return std::string(temporary ? "pg_temp" : schema);
}

// While REINDEX CONCURRENTLY runs, inserts may fail on its copy of the index: `NAME_ccnew`, with a
// number behind it when that name was taken.
std::string_view without_reindex_suffix(std::string_view index) {
  const std::string_view numberless = without_last_digits(index);
  for (const std::string_view suffix : {"_ccnew", "_ccold"}) {
    if (numberless.size() > suffix.size() && numberless.ends_with(suffix)) {
      return numberless.substr(0, numberless.size() - suffix.size());
    }
  }
  return index;
}

std::string constraint_label(const ErrorFields& fields) {
  if (fields.sqlstate == kNotNullViolation && !fields.column.empty()) {
    return "column:" + std::string(fields.column);
  }
  if (fields.constraint.empty()) return std::string(kUnknown);
  const bool is_index = fields.sqlstate == "23505" || fields.sqlstate == "23P01";
  return std::string(is_index ? without_reindex_suffix(fields.constraint) : fields.constraint);
}

}  // namespace

std::optional<Violation> classify(const ErrorFields& fields, WriteKind statement) {
  if (!is_integrity_violation(fields.sqlstate)) return std::nullopt;
  Violation violation;
  violation.kind = kind_of(fields.sqlstate);
  violation.statement = name_of(found_while_building(fields.routine) ? WriteKind::Ddl : statement);
  if (raised_by_user(fields.routine)) {
    violation.schema = violation.table = violation.constraint = kUnknown;
    return violation;
  }
  violation.schema = schema_label(fields.schema);
  violation.table = fields.table.empty() ? kUnknown : fields.table;
  violation.constraint = constraint_label(fields);
  return violation;
}

}  // namespace pgconcord::metrics
