// What parses can be spliced, and what was proven once cannot be proven again: the clause is there
// already.
#include <cstdlib>
#include <string_view>
#include <variant>

#include "parser/edit.h"
#include "parser/parse.h"
#include "parser/session_effects.h"

using namespace pgconcord::parser;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kClause = "ON CONFLICT (a) DO NOTHING";
  const std::string sql(reinterpret_cast<const char*>(data), size);
  (void)may_change_name_resolution(sql);
  const auto facts = parse(sql);
  Outline out;
  outline(sql, out);
  if (!facts || out.exact || facts->size() != out.statements.size()) return 0;
  for (std::size_t i = 0; i < facts->size(); ++i) {
    const std::string edited = apply(sql, {splice(out.statements[i], kClause)});
    const auto* insert = std::get_if<Insert>(&(*facts)[i]);
    const bool plain = insert != nullptr && !insert->has_on_conflict;
    if (proves(sql, edited, i, kClause) != plain) std::abort();
    const std::string twice = apply(edited, {splice(out.statements[i], kClause)});
    if (proves(edited, twice, i, kClause)) std::abort();
  }
  return 0;
}
