#include "parser/insert_form.h"

#include <algorithm>

#include "parser/syntax_tree.h"
#include "parser/tokens.h"
#include "parser/tree_comparison.h"
#include "parser/update_facts.h"

namespace pgconcord::parser {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
using Source = InsertColumn::Source;

std::string_view text_of(const StatementSpan& statement, std::string_view sql) {
  return sql.substr(statement.begin, statement.end - statement.begin);
}

// The statement's text, cut into its tokens.
struct Words {
  explicit Words(std::string_view statement) : text(statement), tokens(tokens_of(statement)) {}

  std::string_view range(std::size_t first, std::size_t last) const {
    if (first > last || last >= tokens.size()) return {};
    return text.substr(tokens[first].begin, tokens[last].end - tokens[first].begin);
  }

  std::string_view text;
  std::vector<Token> tokens;
};

// Behind DO UPDATE a bare column could be the stored one or EXCLUDED's: it gets its row's name
// (A1).
std::string qualified(const Words& words, const Assignment& assignment,
                      const std::string& row_name) {
  std::string text;
  std::size_t first = assignment.value.first;
  for (const std::size_t column : assignment.bare_columns) {
    if (column > first) text.append(words.range(first, column - 1)).push_back(' ');
    text += quote_identifier(row_name) + ".";
    first = column;
  }
  return text.append(words.range(first, assignment.value.last));
}

std::string value_text(const Words& words, const Update& update, const InsertColumn& column) {
  switch (column.source) {
    case Source::Key: {
      const std::size_t token = update.keys[column.index].token;
      return std::string(words.range(token, token));
    }
    case Source::Assignment: {
      const TokenRange& value = update.assignments[column.index].value;
      return std::string(words.range(value.first, value.last));
    }
    case Source::Start:
    case Source::Policy:
      return column.start;
  }
  return {};
}

bool is_updated(const InsertColumn& column) {
  return column.source == Source::Assignment || column.source == Source::Start;
}

OnConflict clause_of(const Words& words, const Update& update, const InsertForm& form) {
  OnConflict clause;
  clause.target = form.target;
  for (const InsertColumn& column : form.columns) {
    if (!is_updated(column)) continue;
    clause.assignments.emplace_back(
        column.name, column.source == Source::Assignment
                         ? "EXCLUDED." + quote_identifier(column.name)
                         : qualified(words, update.assignments[column.index], update.row_name()));
  }
  return clause;
}

std::string relation_text(const Update& update) {
  std::string text;
  if (!update.table.schema.empty()) text = quote_identifier(update.table.schema) + ".";
  text += quote_identifier(update.table.name);
  return update.alias.empty() ? text : text + " AS " + quote_identifier(update.alias);
}

object top_level(object raw_statement, std::string_view type) {
  const Node node = node_field(raw_statement, "stmt");
  return node.type == type ? node.fields : object();
}

// What the expression is on its own. DEFAULT is one in VALUES only.
bool is_expression(element found, const std::string& sql) {
  const auto tree = SyntaxTree::of("VALUES (" + sql + "\n)");
  if (!tree || tree->statements().size() != 1) return false;
  const auto rows = list_field(top_level(tree->statements()[0], "SelectStmt"), "valuesLists");
  if (rows.size() != 1) return false;
  const auto items = list_field(as_node(rows[0]).fields, "items");
  return items.size() == 1 && same_tree(found, items[0]);
}

// The same column, with the row's name where the original has none.
bool same_column(object original, object found, const std::string& row_name) {
  std::vector<std::string> before = column_name(original);
  if (before.size() == 1) before.insert(before.begin(), row_name);
  return before.size() > 1 && before == column_name(found);
}

// The original's expression, its bare columns qualified.
bool same_qualified(element original, element found, const std::string& row_name) {
  const auto same = [&](element l, element r) { return same_qualified(l, r, row_name); };
  simdjson::dom::array left_list;
  simdjson::dom::array right_list;
  if (!original.get(left_list) && !found.get(right_list)) {
    const std::vector<element> before(left_list.begin(), left_list.end());
    const std::vector<element> after(right_list.begin(), right_list.end());
    return std::equal(before.begin(), before.end(), after.begin(), after.end(), same);
  }
  const Node left = as_node(original);
  const Node right = as_node(found);
  if (left.type == "ColumnRef" && right.type == left.type) {
    return same_column(left.fields, right.fields, row_name);
  }
  object l;
  object r;
  if (original.get(l) || found.get(r)) return same_tree(original, found);
  return same_fields(l, r, same);
}

bool is_excluded(element found, const std::string& column) {
  const Node node = as_node(found);
  return node.type == "ColumnRef" &&
         column_name(node.fields) == std::vector<std::string>{"excluded", column};
}

class Proof {
 public:
  Proof(object before, object after, const InsertForm& form)
      : before_(before), after_(after), form_(form) {}

  bool holds() const {
    return has_no_more() && same_member(before_, after_, "relation") &&
           same_member(before_, after_, "returningList") && has_columns() && has_values() &&
           has_clause();
  }

 private:
  bool has_no_more() const {
    return !has_field(after_, "withClause") &&
           text_field(after_, "override") == "OVERRIDING_NOT_SET";
  }

  bool has_columns() const {
    const std::vector<element> columns = list_field(after_, "cols");
    return std::equal(columns.begin(), columns.end(), form_.columns.begin(), form_.columns.end(),
                      [](element found, const InsertColumn& column) {
                        const object target = as_node(found).fields;
                        return text_field(target, "name") == column.name &&
                               !has_field(target, "indirection");
                      });
  }

  bool has_values() const {
    const Node source = node_field(after_, "selectStmt");
    const std::vector<element> rows = list_field(source.fields, "valuesLists");
    if (source.type != "SelectStmt" || rows.size() != 1) return false;
    const std::vector<element> items = list_field(as_node(rows[0]).fields, "items");
    return std::equal(
        items.begin(), items.end(), form_.columns.begin(), form_.columns.end(),
        [this](element found, const InsertColumn& column) { return is_value(found, column); });
  }

  bool is_value(element found, const InsertColumn& column) const {
    element expected;
    switch (column.source) {
      case Source::Key: {
        const auto keys = key_equalities(before_);
        return column.index < keys.size() && keys[column.index].first == column.name &&
               same_tree(keys[column.index].second, found);
      }
      case Source::Assignment:
        return original_value(column, expected) && same_tree(expected, found);
      case Source::Start:
      case Source::Policy:
        return is_expression(found, column.start);
    }
    return false;
  }

  bool original_value(const InsertColumn& column, element& out) const {
    const std::vector<element> targets = list_field(before_, "targetList");
    if (column.index >= targets.size()) return false;
    const object target = as_node(targets[column.index]).fields;
    return text_field(target, "name") == column.name && !target["val"].get(out);
  }

  bool has_clause() const {
    object clause;
    object infer;
    if (after_["onConflictClause"].get(clause) || clause["infer"].get(infer)) return false;
    if (text_field(clause, "action") != "ONCONFLICT_UPDATE" || has_field(clause, "whereClause")) {
      return false;
    }
    return has_target(infer) && has_updates(list_field(clause, "targetList"));
  }

  bool has_target(object infer) const {
    const auto tree =
        SyntaxTree::of("INSERT INTO t DEFAULT VALUES " + render({form_.target, {}, {}}));
    if (!tree || tree->statements().size() != 1) return false;
    object clause;
    object expected;
    return !top_level(tree->statements()[0], "InsertStmt")["onConflictClause"].get(clause) &&
           !clause["infer"].get(expected) && same_fields(expected, infer);
  }

  bool has_updates(const std::vector<element>& targets) const {
    auto next = targets.begin();
    for (const InsertColumn& column : form_.columns) {
      if (!is_updated(column)) continue;
      element value;
      if (next == targets.end()) return false;
      const object target = as_node(*next++).fields;
      if (text_field(target, "name") != column.name || target["val"].get(value)) return false;
      if (!is_update(value, column)) return false;
    }
    return next == targets.end();
  }

  bool is_update(element found, const InsertColumn& column) const {
    if (column.source == Source::Assignment) return is_excluded(found, column.name);
    element original;
    object range_var;
    object alias;
    if (!original_value(column, original) || before_["relation"].get(range_var)) return false;
    std::string row_name(text_field(range_var, "relname"));
    if (!range_var["alias"].get(alias)) row_name = text_field(alias, "aliasname");
    return same_qualified(original, found, row_name);
  }

  object before_;
  object after_;
  const InsertForm& form_;
};

}  // namespace

TextEdit insert_form_edit(const Update& update, const InsertForm& form, std::string_view sql,
                          const StatementSpan& statement) {
  const Words words(text_of(statement, sql));
  std::string names;
  std::string values;
  for (const InsertColumn& column : form.columns) {
    const std::string_view comma = names.empty() ? "" : ", ";
    names.append(comma).append(quote_identifier(column.name));
    values.append(comma).append(value_text(words, update, column));
  }
  TextEdit edit{statement.begin, "INSERT INTO " + relation_text(update), 0};
  edit.text += " (" + names + ") VALUES (" + values + ") ";
  edit.text += render(clause_of(words, update, form));
  const std::size_t last = std::min(update.last_token, words.tokens.size() - 1);
  edit.removed = words.tokens[last].end;
  if (update.has_returning && !statement.space_before_returning) edit.text += ' ';
  return edit;
}

bool proves_insert_form(std::string_view original, std::string_view edited, std::size_t statement,
                        const InsertForm& form) {
  const auto before = SyntaxTree::of(original);
  const auto after = SyntaxTree::of(edited);
  if (!before || !after) return false;
  const auto& left = before->statements();
  const auto& right = after->statements();
  if (left.size() != right.size() || statement >= left.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (i != statement && !same_fields(left[i], right[i])) return false;
  }
  const Node update = node_field(left[statement], "stmt");
  const Node insert = node_field(right[statement], "stmt");
  return update.type == "UpdateStmt" && insert.type == "InsertStmt" &&
         Proof(update.fields, insert.fields, form).holds();
}

std::string_view key_text(const KeyValue& key, std::string_view sql,
                          const StatementSpan& statement) {
  const Words words(text_of(statement, sql));
  return words.range(key.token, key.token);
}

}  // namespace pgconcord::parser
