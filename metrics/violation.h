// An ErrorResponse of SQLSTATE class 23 as labels. Reads only the fields C, s, t, n, c, d, R, never
// text (protocol.md 8.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgconcord::metrics {

// The fields of an ErrorResponse this library may see; empty = not sent. Views live as long as the
// message.
struct ErrorFields {
  std::string_view sqlstate, schema, table, constraint, column, datatype, routine;
};

// What the session was doing when the error came; `Commit` also for errors at Sync.
enum class WriteKind : std::uint8_t { Insert, Update, Delete, Copy, Commit, Ddl, Other };

struct Violation {
  std::string schema, table,
      constraint;              // "unknown" where the server named none; `column:NAME` for not null
  std::string_view kind;       // unique, foreign_key, not_null, check, exclusion, restrict, other
  std::string_view statement;  // insert, update, delete, copy, commit, ddl, other
};

// Nothing unless the SQLSTATE is of class 23. Temporary schemas become `pg_temp`; `_ccnew`,
// `_ccold` of REINDEX CONCURRENTLY are stripped; a violation raised by RAISE (routine
// exec_stmt_raise) names nothing (protocol.md 8.4); one found while an index is built
// (comparetup_index_btree) is `ddl`.
std::optional<Violation> classify(const ErrorFields& fields, WriteKind statement);

}  // namespace pgconcord::metrics
