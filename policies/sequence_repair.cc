#include "policies/sequence_repair.h"

namespace pgconcord::policies {
namespace {

// A partition's rows are its parent's; children by plain inheritance have keys of their own.
std::string rows_of(const SequenceUse& use) {
  return (use.is_partitioned ? "" : "ONLY ") + use.table;
}

std::string literal(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

// The inner query yields the key first and the sequence is read after it: whatever was drawn in
// between only makes the condition false.
std::string repair_statement(const SequenceUse& use, bool descending) {
  const std::string edge = descending ? "min" : "max";
  const std::string next = descending ? "last_value - 1" : "last_value + 1";
  return "SELECT setval(" + literal(use.sequence) + ", edge) FROM (SELECT " + edge + "(" +
         use.column + ") AS edge FROM " + rows_of(use) + ") AS keys WHERE edge " +
         (descending ? "<=" : ">=") + " (SELECT CASE WHEN is_called THEN " + next +
         " ELSE last_value END FROM " + use.sequence + ");";
}

// Up to 10,000 values are drawn one by one (5 ms), which cannot move the sequence back whatever
// others draw. No writer closes a larger gap between the draw and the setval.
std::string live_repair_statement(const SequenceUse& use) {
  return "/* pgconcord */ SELECT (CASE "
         "WHEN g.edge IS NULL OR g.edge OPERATOR(pg_catalog.<) g.drawn THEN 0 "
         "WHEN g.edge OPERATOR(pg_catalog.-) g.drawn OPERATOR(pg_catalog.<=) 10000 THEN "
         "(SELECT pg_catalog.count(pg_catalog.nextval($1::pg_catalog.regclass)) "
         "FROM pg_catalog.generate_series(1, g.edge OPERATOR(pg_catalog.-) g.drawn)) "
         "OPERATOR(pg_catalog.+) 1 "
         "ELSE pg_catalog.setval($1::pg_catalog.regclass, g.edge) OPERATOR(pg_catalog.-) g.drawn "
         "OPERATOR(pg_catalog.+) 1 END)::pg_catalog.text "
         "FROM (SELECT keys.edge, pg_catalog.nextval($1::pg_catalog.regclass) AS drawn FROM "
         "(SELECT pg_catalog.max(" +
         use.column + ")::pg_catalog.int8 AS edge FROM " + rows_of(use) +
         ") AS keys WHERE pg_catalog.pg_try_advisory_xact_lock("
         "$1::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8) OFFSET 0) AS g";
}

}  // namespace pgconcord::policies
