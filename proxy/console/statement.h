// What a text sent to the console means. The grammar is HELP's: topics, EXPLAIN REWRITE, RELOAD,
// SET POLICY; and what drivers say by themselves (SET, SHOW of a setting, SELECT of constants and
// session functions, transactions), which changes and tells nothing of the proxy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "proxy/console/question.h"
#include "proxy/console/table.h"

namespace pgconcord::console {

enum class Kind : std::uint8_t {
  Empty,
  Asks,   // `question`
  Tells,  // `rows`, known already
  Begin,
  Commit,
  Rollback,
  RollbackTo,
  Deallocate,  // `name`; empty = all
  Nothing,     // accepted, without effect
};

struct Statement {
  Kind kind = Kind::Empty;
  std::string tag;  // of CommandComplete; a SELECT's count is added
  Columns columns;  // none = no rows
  Rows rows;
  Question question;
  std::string name;
};

// What a session function answers with.
struct Identity {
  std::string database, user, application;
  std::string version;  // of pgconcord
  std::int32_t backend_pid = 0;
};

// Of a setting that drivers ask for, by its name in lower case.
std::optional<std::string> setting(std::string_view name, const Identity& who);

// One statement without its `;`.
[[nodiscard]] tl::expected<Statement, Refusal> read_statement(std::string_view sql,
                                                              const Identity& who);

}  // namespace pgconcord::console
