// Edits of SQL text and the proof that an edit did what was meant. Text is spliced, never deparsed
// (rewrite.md G5).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "parser/outline.h"

namespace pgconcord::parser {

// `text` instead of the `removed` bytes from `offset` on; none removed = an insertion before it.
struct TextEdit {
  std::size_t offset = 0;
  std::string text;
  std::size_t removed = 0;
};

// Where ` ON CONFLICT ...` belongs in `sql`: before RETURNING, else after the last token that is no
// comment (rewrite.md G6).
std::size_t insertion_point(const StatementSpan& statement);

// `sql` with the clause spliced in, a space on each side where one is needed.
// The returned edit tells where the text went, so that error positions can be mapped back
// (rewrite.md A23).
TextEdit splice(const StatementSpan& statement, std::string_view clause);
std::string apply(std::string_view sql, const std::vector<TextEdit>& edits);

// I2: parse(edited) equals parse(original) plus exactly the clause of `clause` on the INSERT with
// index `statement`, locations aside (rewrite.md G7). False also when either text does not parse.
[[nodiscard]] bool proves(std::string_view original, std::string_view edited, std::size_t statement,
                          std::string_view clause);

}  // namespace pgconcord::parser
