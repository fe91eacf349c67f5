// What parses can be spliced, and what was proven once cannot be proven again: the clause is there
// already. An UPDATE by key has its insert form, which is an INSERT with a clause and no UPDATE.
#include <cstdlib>
#include <string_view>
#include <variant>

#include "parser/edit.h"
#include "parser/insert_form.h"
#include "parser/parse.h"
#include "parser/session_effects.h"

using namespace pgconcord::parser;

namespace {

InsertForm plain_form(const Update& update) {
  InsertForm form;
  form.target.elements = "a";
  for (std::size_t i = 0; i < update.keys.size(); ++i) {
    form.columns.push_back({update.keys[i].column, InsertColumn::Source::Key, i, ""});
  }
  for (std::size_t i = 0; i < update.assignments.size(); ++i) {
    form.columns.push_back({update.assignments[i].column, InsertColumn::Source::Assignment, i, ""});
  }
  return form;
}

// What is proven left everything outside the edit alone, and cannot be rewritten again.
void check_insert_form(const std::string& sql, const Outline& out, std::size_t index,
                       const Update& update) {
  const InsertForm form = plain_form(update);
  const TextEdit edit = insert_form_edit(update, form, sql, out.statements[index]);
  const std::string edited = apply(sql, {edit});
  if (!proves_insert_form(sql, edited, index, form)) return;
  const std::string_view rest = std::string_view(sql).substr(edit.offset + edit.removed);
  if (!edited.starts_with(sql.substr(0, edit.offset)) || !edited.ends_with(rest)) std::abort();
  const auto again = parse(edited);
  if (!again || again->size() <= index) std::abort();
  const auto* insert = std::get_if<Insert>(&(*again)[index]);
  if (insert == nullptr || !insert->has_on_conflict) std::abort();
}

}  // namespace

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
    const auto* update = std::get_if<Update>(&(*facts)[i]);
    if (update != nullptr && update->by_key) check_insert_form(sql, out, i, *update);
    const bool plain = insert != nullptr && !insert->has_on_conflict;
    if (proves(sql, edited, i, kClause) != plain) std::abort();
    const std::string twice = apply(edited, {splice(out.statements[i], kClause)});
    if (proves(edited, twice, i, kClause)) std::abort();
  }
  return 0;
}
