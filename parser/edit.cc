#include "parser/edit.h"

#include <algorithm>

#include "parser/syntax_tree.h"
#include "parser/tree_comparison.h"

namespace pgconcord::parser {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::string_view kClauseField = "onConflictClause";

bool is_top_level_insert(object raw_statement, object& fields) {
  const Node node = node_field(raw_statement, "stmt");
  fields = node.fields;
  return node.type == "InsertStmt";
}

// The clause as the grammar reads it on its own. False when the text is more or less than one
// clause.
bool same_clause(element found, std::string_view clause) {
  const auto tree = SyntaxTree::of("INSERT INTO t DEFAULT VALUES " + std::string(clause));
  if (!tree || tree->statements().size() != 1) return false;
  object insert;
  element expected;
  if (!is_top_level_insert(tree->statements().front(), insert)) return false;
  if (has_field(insert, "returningList") || insert[kClauseField].get(expected)) return false;
  return same_tree(found, expected);
}

bool adds_only_the_clause(object original, object edited, std::string_view clause) {
  object before;
  object after;
  element added;
  return is_top_level_insert(original, before) && is_top_level_insert(edited, after) &&
         !has_field(before, kClauseField) && !after[kClauseField].get(added) &&
         same_fields(before, after, kClauseField) && same_clause(added, clause);
}

bool only_spaces(std::string_view text) {
  return text.find_first_not_of(' ') == std::string_view::npos;
}

// The trees do not hold every constant (syntax_tree.h), so the bytes around the clause are compared
// as well.
bool inserts_only(std::string_view original, std::string_view edited, std::string_view clause) {
  if (edited.size() < original.size() + clause.size()) return false;
  const std::size_t added = edited.size() - original.size();
  const auto same = std::mismatch(original.begin(), original.end(), edited.begin());
  const auto prefix_max = static_cast<std::size_t>(same.first - original.begin());
  for (std::size_t at = prefix_max + 1; at-- > 0;) {
    if (original.substr(at) != edited.substr(at + added)) return false;
    const std::string_view inserted = edited.substr(at, added);
    const std::size_t found = inserted.find(clause);
    if (found != std::string_view::npos && only_spaces(inserted.substr(0, found)) &&
        only_spaces(inserted.substr(found + clause.size()))) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::size_t insertion_point(const StatementSpan& statement) {
  return statement.returning == kNoPosition ? statement.end : statement.returning;
}

TextEdit splice(const StatementSpan& statement, std::string_view clause) {
  if (statement.returning == kNoPosition) return {statement.end, " " + std::string(clause), 0};
  const std::string_view space = statement.space_before_returning ? "" : " ";
  return {statement.returning, std::string(space).append(clause) + " ", 0};
}

std::string apply(std::string_view sql, const std::vector<TextEdit>& edits) {
  std::vector<const TextEdit*> ordered;
  ordered.reserve(edits.size());
  for (const TextEdit& edit : edits) ordered.push_back(&edit);
  std::stable_sort(ordered.begin(), ordered.end(), [](const TextEdit* left, const TextEdit* right) {
    return left->offset < right->offset;
  });
  std::string text;
  std::size_t from = 0;
  for (const TextEdit* edit : ordered) {
    const std::size_t to = std::min(edit->offset, sql.size());
    text.append(sql.substr(from, to - from)).append(edit->text);
    from = std::min(to + edit->removed, sql.size());
  }
  return text.append(sql.substr(from));
}

bool proves(std::string_view original, std::string_view edited, std::size_t statement,
            std::string_view clause) {
  if (clause.empty() || !inserts_only(original, edited, clause)) return false;
  const auto before = SyntaxTree::of(original);
  const auto after = SyntaxTree::of(edited);
  if (!before || !after) return false;
  const auto& left = before->statements();
  const auto& right = after->statements();
  if (left.size() != right.size() || statement >= left.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const bool proven = i == statement ? adds_only_the_clause(left[i], right[i], clause)
                                       : same_fields(left[i], right[i]);
    if (!proven) return false;
  }
  return true;
}

}  // namespace pgconcord::parser
