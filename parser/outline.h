// One pass over SQL text by our own lexer: what can be known without a grammar.
// It yields the template key (literals left out), the statements with their edit positions, and the
// sizes that guard libpg_query. Held to pg_query_scan by a differential fuzz target; whatever it is
// not sure of is keyed by the full text (`exact`), so that a cache hit never rests on a guess.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parser/command.h"

namespace pgconcord::parser {

inline constexpr std::size_t kNoPosition = static_cast<std::size_t>(-1);

// 128-bit key of a text with literal values, comments and white space left out and equal VALUES
// rows collapsed.
struct TemplateKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const TemplateKey&, const TemplateKey&) = default;
};

// One non-empty statement of the text; positions are byte offsets.
struct StatementSpan {
  Command command = Command::Empty;
  std::size_t begin = 0;  // first byte of the first token
  std::size_t end = 0;  // past the last byte of the last token that is no comment, without the ';'
  std::size_t returning = kNoPosition;  // last depth-0 RETURNING keyword not preceded by AS or '.'
  bool space_before_returning = false;  // white space stands right before it
  std::size_t value_rows = 0;  // row groups of the top-level VALUES list; 0 = no VALUES list
  std::size_t collapsed_begin =
      kNoPosition;  // rows [begin, end) of the text that `reduced` leaves out: they repeat
  std::size_t collapsed_end = kNoPosition;  //   the shape of the row before them
};

struct Outline {
  TemplateKey key;
  std::vector<StatementSpan> statements;
  bool exact = false;  // the lexer was not sure: key covers the whole text, nothing is collapsed
  std::size_t token_count = 0;
  std::size_t depth_max =
      0;  // deepest nesting of ( [ CASE, and longest chain of operators at one level
};

// Fills `out` (its storage is reused). Never fails: an unterminated string or comment ends the text
// and sets `exact`.
void outline(std::string_view sql, Outline& out);

// The text without the collapsed rows: the only text that is ever parsed. Positions in it are not
// those of `sql`.
std::string reduced(std::string_view sql, const Outline& outline);

}  // namespace pgconcord::parser
