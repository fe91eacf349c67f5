// SQL text -> facts, by libpg_query (its JSON output read with simdjson). The only part that runs
// PostgreSQL's grammar. Needs a large stack: measured worst case 65 bytes per byte of SQL,
// `kStackBytesPerSqlByte` is the allowance (rewrite.md G3). Callers check `Outline::depth_max` and
// the size first; parse() refuses what would not fit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "parser/statement.h"

namespace pgconcord::parser {

inline constexpr std::size_t kStackBytesPerSqlByte = 130;

struct ParseError {
  std::string message;       // the grammar's message, for `explain`; never logged with SQL
  std::size_t position = 0;  // 1-based character position as libpg_query tells it; 0 = unknown
};

template <class T>
using Result = tl::expected<T, ParseError>;

// Every statement of `sql` in order. Errors: a syntax the version 15 grammar does not know, an
// embedded NUL, invalid UTF-8, or a text that does not fit the calling thread's stack.
[[nodiscard]] Result<std::vector<Statement>> parse(std::string_view sql);

}  // namespace pgconcord::parser
