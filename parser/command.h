// The command a statement starts with, told from its first keyword alone.
// Cheap enough for every statement that passes: no allocation, no grammar.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgconcord::parser {

// What the first keyword says. `With` may hide a write, `Other` is everything that is not listed.
enum class Command : std::uint8_t {
  Empty,
  Select,
  Insert,
  Update,
  Delete,
  Merge,
  Copy,
  With,
  Begin,       // BEGIN, START TRANSACTION
  Commit,      // COMMIT, END, PREPARE TRANSACTION
  Rollback,    // ROLLBACK, ABORT (without TO)
  RollbackTo,  // ROLLBACK [WORK|TRANSACTION] TO
  Savepoint,
  Release,
  Set,  // SET, SET LOCAL, SET ROLE, SET SESSION ...
  SetConstraints,
  Reset,
  Discard,
  Deallocate,
  Prepare,
  Execute,
  Ddl,  // CREATE, ALTER, DROP, TRUNCATE, REINDEX, CLUSTER, REFRESH, GRANT, REVOKE, ...
  Other,
};

// The command of the first statement in `sql`; white space, comments and empty statements before it
// are skipped.
Command leading_command(std::string_view sql);

// The same, but for WITH the command that does the writing: that of the statement behind the CTEs,
// or where it only reads, of the first data-modifying CTE. What an error of the statement is
// attributed to.
Command writing_command(std::string_view sql);

// The statement that PREPARE name or DEALLOCATE [PREPARE] name is about, as the server reads the
// name; empty for ALL and for anything else.
std::string prepared_name(std::string_view sql);

}  // namespace pgconcord::parser
