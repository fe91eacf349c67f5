#include "parser/copy_staging.h"

#include <algorithm>

#include "parser/on_conflict.h"
#include "parser/syntax_tree.h"
#include "parser/tokens.h"
#include "parser/tree_comparison.h"

namespace pgconcord::parser {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

std::string staging_table() { return "pg_temp." + std::string(kStagingTable); }

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + quote_identifier(name);
  return text;
}

// The table as the client wrote it, without comments.
std::string written_name(std::string_view text, const std::vector<Token>& tokens,
                         const Copy& copy) {
  std::string name;
  for (std::size_t i = copy.name_token; i < copy.from_token && i < tokens.size(); ++i) {
    if (tokens[i].kind == TokenKind::Punctuation && text[tokens[i].begin] == '(') break;
    name.append(text.substr(tokens[i].begin, tokens[i].end - tokens[i].begin));
  }
  return name;
}

// No right to read the table is needed for its columns, unlike LIKE. They keep their types and
// collations and lose NOT NULL and their defaults. The access method is said because only a heap
// keeps the order.
std::string create_table(const Staging& staging, const std::string& table) {
  return "CREATE TEMPORARY TABLE " + staging_table() + " USING heap ON COMMIT DROP AS SELECT " +
         list_of(staging.columns) + " FROM " + table + " WITH NO DATA";
}

std::string set_default(const std::pair<std::string, std::string>& column) {
  return "ALTER TABLE " + staging_table() + " ALTER COLUMN " + quote_identifier(column.first) +
         " SET DEFAULT " + column.second;
}

std::string create_key(const Staging& staging) {
  std::string text = "CREATE UNIQUE INDEX " + std::string(kStagingKey) + " ON " + staging_table() +
                     " (" + staging.key_elements + ")";
  if (staging.nulls_not_distinct) text += " NULLS NOT DISTINCT";
  if (!staging.key_predicate.empty()) text += " WHERE " + staging.key_predicate;
  return text;
}

// Two rows are one where the index would say so: not if a part of the key is NULL, nor outside its
// predicate.
std::string distinct_rows(const Staging& staging) {
  std::string keyed =
      staging.nulls_not_distinct ? std::string() : "ROW(" + staging.key_elements + ") IS NOT NULL";
  if (!staging.key_predicate.empty()) {
    keyed += (keyed.empty() ? "(" : " AND (") + staging.key_predicate + ") IS TRUE";
  }
  std::string key = staging.key_elements;
  if (!keyed.empty()) key += ", CASE WHEN " + keyed + " THEN NULL ELSE ctid END";
  const bool last = staging.repeats == Staging::Repeats::LastKept;
  const std::string columns = list_of(staging.columns);
  return "SELECT " + columns + " FROM (SELECT DISTINCT ON (" + key +
         ") ctid AS __pgconcord_place, " + columns + " FROM " + staging_table() + " ORDER BY " +
         key + ", ctid" + (last ? " DESC" : "") +
         ") AS __pgconcord_rows ORDER BY __pgconcord_place";
}

std::string rows(const Staging& staging) {
  switch (staging.repeats) {
    case Staging::Repeats::InOrder:
    case Staging::Repeats::Refused:
      return "SELECT " + list_of(staging.columns) + " FROM " + staging_table();
    case Staging::Repeats::FirstKept:
    case Staging::Repeats::LastKept:
      return distinct_rows(staging);
  }
  return {};
}

std::string merge(const Staging& staging, const std::string& table, std::string_view clause) {
  std::string text = "INSERT INTO " + table + " (" + list_of(staging.columns) + ")";
  if (staging.overrides_identity) text += " OVERRIDING SYSTEM VALUE";
  return text.append(" ").append(rows(staging)).append(" ").append(clause);
}

bool parses_alone(object found, const std::string& text) {
  const auto tree = SyntaxTree::of(text);
  return tree && tree->statements().size() == 1 && same_fields(tree->statements()[0], found);
}

bool is_staging_table(object copy) {
  object range_var;
  return !copy["relation"].get(range_var) &&
         relation_of(range_var) == RelationName{"pg_temp", std::string(kStagingTable)};
}

bool lists(object copy, const std::vector<std::string>& columns) {
  const std::vector<element> listed = list_field(copy, "attlist");
  return std::equal(listed.begin(), listed.end(), columns.begin(), columns.end(),
                    [](element each, const std::string& name) {
                      return text_field(as_node(each).fields, "sval") == name;
                    });
}

// The same COPY into another place.
bool same_copy(object original, object edited, const Staging& staging) {
  const Node before = node_field(original, "stmt");
  const Node after = node_field(edited, "stmt");
  if (before.type != "CopyStmt" || after.type != "CopyStmt") return false;
  if (!is_staging_table(after.fields) || !lists(after.fields, staging.columns)) return false;
  for (const auto member : after.fields) {
    if (member.key == "relation" || member.key == "attlist") continue;
    if (!same_member(before.fields, after.fields, member.key)) return false;
  }
  return std::all_of(before.fields.begin(), before.fields.end(), [&](const auto& member) {
    return member.key == "attlist" || has_field(after.fields, member.key);
  });
}

// What the columns are taken from and what the rows go to.
bool names_table(object original, object created, object merged) {
  object wanted;
  object inserted;
  const Node query = node_field(node_field(created, "stmt").fields, "query");
  const std::vector<element> from = list_field(query.fields, "fromClause");
  if (node_field(original, "stmt").fields["relation"].get(wanted) || from.size() != 1) return false;
  const Node insert = node_field(merged, "stmt");
  return as_node(from[0]).type == "RangeVar" && same_fields(wanted, as_node(from[0]).fields) &&
         insert.type == "InsertStmt" && !insert.fields["relation"].get(inserted) &&
         same_fields(wanted, inserted) && has_field(insert.fields, "onConflictClause") &&
         !has_field(insert.fields, "returningList");
}

}  // namespace

StagedCopy staged_copy(const Copy& copy, const Staging& staging, std::string_view clause,
                       std::string_view sql, const StatementSpan& statement) {
  const std::string_view text = sql.substr(statement.begin, statement.end - statement.begin);
  const std::vector<Token> tokens = tokens_of(text);
  if (copy.from_token >= tokens.size()) return {};
  const std::string table = written_name(text, tokens, copy);
  StagedCopy staged;
  staged.before.push_back(create_table(staging, table));
  for (const auto& column : staging.defaults) staged.before.push_back(set_default(column));
  if (staging.repeats == Staging::Repeats::Refused) staged.before.push_back(create_key(staging));
  staged.copy = text.substr(0, tokens[copy.name_token].begin);
  staged.copy += staging_table() + " (" + list_of(staging.columns) + ") ";
  staged.kept_at = staged.copy.size();
  staged.kept_from = statement.begin + tokens[copy.from_token].begin;
  staged.copy += text.substr(tokens[copy.from_token].begin);
  staged.merge = merge(staging, table, clause);
  staged.after = "DROP TABLE " + staging_table();
  return staged;
}

TextEdit staged_copy_edit(const StagedCopy& staged, const StatementSpan& statement) {
  TextEdit edit{statement.begin, "", statement.end - statement.begin};
  for (const std::string& each : staged.before) edit.text += each + ";\n";
  edit.text += staged.copy + ";\n" + staged.merge + ";\n" + staged.after;
  return edit;
}

bool proves_staged_copy(std::string_view original, std::string_view edited,
                        const StagedCopy& staged, const Staging& staging) {
  const auto before = SyntaxTree::of(original);
  const auto after = SyntaxTree::of(edited);
  if (!before || !after || before->statements().size() != 1) return false;
  const auto& found = after->statements();
  if (found.size() != staged.size()) return false;
  const std::size_t copy = staged.before.size();
  for (std::size_t i = 0; i < copy; ++i) {
    if (!parses_alone(found[i], staged.before[i])) return false;
  }
  const object own = before->statements()[0];
  return same_copy(own, found[copy], staging) && parses_alone(found[copy], staged.copy) &&
         parses_alone(found[copy + 1], staged.merge) &&
         parses_alone(found[copy + 2], staged.after) &&
         names_table(own, found.front(), found[copy + 1]);
}

}  // namespace pgconcord::parser
