// The lexer sees what PostgreSQL's scanner sees, and the reduced text keeps the key.
#include <cstdlib>

#include "parser/outline.h"
#include "tests/unit/parser/reference_scan.h"

using namespace pgconcord::parser;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string sql(reinterpret_cast<const char*>(data), size);
  const LexedText lexed = lex(sql);
  if (!lexed.unsure && sql.find('\0') == std::string::npos) {
    const ReferenceScan scan = reference_scan(sql);
    const bool accepted = scan.error.empty() && same_tokens(lexed, scan.tokens);
    if (!accepted && !scan.rejects_an_escape()) std::abort();
  }
  Outline whole;
  outline(sql, whole);
  if (lexed.unsure && !whole.exact) std::abort();
  if (whole.token_count != lexed.tokens.size()) std::abort();
  for (const StatementSpan& span : whole.statements) {
    if (span.begin >= span.end || span.end > size) std::abort();
  }
  Outline shorter;
  outline(reduced(sql, whole), shorter);
  if (shorter.key != whole.key || shorter.statements.size() != whole.statements.size())
    std::abort();
  return 0;
}
