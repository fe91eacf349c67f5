#include "proxy/cli/diagnosis.h"

namespace pgconcord::cli {
namespace {

// Of ordinary and partitioned tables.
constexpr std::string_view kLocked = R"sql(EXISTS (
    SELECT FROM pg_locks l
    WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock' AND l.granted
      AND l.pid <> pg_backend_pid()
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())))sql";

// Why the server did not answer, and the way out.
std::string explained(const QueryError& error, const Examination& examination) {
  if (error.sqlstate == "42501") {
    return error.message + " (role " + examination.connection.user() +
           "): grant it, or connect as a role that may";
  }
  if (error.sqlstate == "57014") {
    return "no answer within " + std::to_string(examination.timeout.count()) +
           " s, probably for want of an index: raise --timeout";
  }
  if (error.sqlstate == "55P03") return "it is locked by others: run doctor again later";
  return error.message;
}

}  // namespace

std::string_view label(Gravity gravity) {
  switch (gravity) {
    case Gravity::Problem:
      return "problem";
    case Gravity::Note:
      return "note";
    case Gravity::NotChecked:
      return "not_checked";
  }
  return "";
}

std::string of_unlocked_tables(std::string_view query) {
  return "WITH relation AS MATERIALIZED (SELECT c.oid, c.relname, c.relnamespace, c.relkind, "
         "c.relispartition FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT " +
         std::string(kLocked) + ")" + std::string(query);
}

void examine_locks(const Examination& examination, Diagnoses& found) {
  const auto tables = examination.read(
      "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = "
      "c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND " +
          std::string(kLocked) + " ORDER BY 1",
      "lock", "", found);
  if (!tables) return;
  for (const Row& table : *tables) {
    found.push_back({Gravity::NotChecked, "lock", table[0].value_or(""),
                     "it is locked by others: run doctor again later"});
  }
}

std::optional<Rows> Examination::read(const std::string& sql, std::string_view check,
                                      const std::string& object, Diagnoses& found) const {
  auto rows = connection.read(sql, timeout);
  if (rows) return std::move(*rows);
  found.push_back(
      {Gravity::NotChecked, std::string(check), object, explained(rows.error(), *this)});
  return std::nullopt;
}

}  // namespace pgconcord::cli
