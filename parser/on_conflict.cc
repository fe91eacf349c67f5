#include "parser/on_conflict.h"

#include <algorithm>

#include "parser/reserved_words.h"

namespace pgconcord::parser {
namespace {

bool needs_no_quotes(std::string_view name) {
  const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto continues = [starts](char c) { return starts(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && starts(name.front()) &&
         std::all_of(name.begin(), name.end(), continues) && !is_reserved(name);
}

std::string render(const ConflictTarget& target) {
  if (!target.constraint.empty()) return " ON CONSTRAINT " + quote_identifier(target.constraint);
  std::string text = " (" + target.elements + ")";
  if (!target.predicate.empty()) text += " WHERE " + target.predicate;
  return text;
}

}  // namespace

std::string render(const OnConflict& clause) {
  std::string text = "ON CONFLICT" + render(clause.target);
  if (clause.assignments.empty()) return text + " DO NOTHING";
  text += " DO UPDATE SET ";
  bool first = true;
  for (const auto& [column, expression] : clause.assignments) {
    if (!first) text += ", ";
    first = false;
    text += quote_identifier(column) + " = " + expression;
  }
  if (!clause.where.empty()) text += " WHERE " + clause.where;
  return text;
}

std::string quote_identifier(std::string_view name) {
  if (needs_no_quotes(name)) return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace pgconcord::parser
