#include "parser/parse.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parser/copy_facts.h"
#include "parser/syntax_tree.h"
#include "parser/update_facts.h"

namespace pgconcord::parser {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

RelationName target_of(object write) {
  object range_var;
  if (write["relation"].get(range_var)) return {};
  return relation_of(range_var);
}

bool writes(std::string_view type) {
  constexpr std::array<std::string_view, 4> kWrites{"InsertStmt", "UpdateStmt", "DeleteStmt",
                                                    "MergeStmt"};
  return std::find(kWrites.begin(), kWrites.end(), type) != kWrites.end();
}

bool inserts(std::string_view type) { return type == "InsertStmt"; }

bool updates(std::string_view type) { return type == "UpdateStmt"; }

// Targets of every statement below `tree` whose type `wanted` accepts. Recursion is bounded by the
// tree's depth limit.
template <class Wanted>
void collect_targets(element tree, const Wanted& wanted, std::vector<RelationName>& targets) {
  simdjson::dom::array items;
  object members;
  if (!tree.get(items)) {
    for (const element item : items) collect_targets(item, wanted, targets);
  } else if (!tree.get(members)) {
    for (const auto member : members) {
      object fields;
      if (wanted(member.key) && !member.value.get(fields)) targets.push_back(target_of(fields));
      collect_targets(member.value, wanted, targets);
    }
  }
}

void note_value(element value, ColumnValues& column) {
  Node node = as_node(value);
  // A cast does not change what kind of value it is: drivers write $1::int, people NULL::text.
  while (node.type == "TypeCast") node = node_field(node.fields, "arg");
  if (node.type == "SetToDefault") {
    column.any_default = true;
  } else if (node.type == "ParamRef") {
    column.any_parameter = true;
  } else if (node.type != "A_Const") {
    column.any_expression = true;
  } else if (has_field(node.fields, "isnull")) {
    column.any_null = true;
  }
}

std::vector<ColumnValues> columns_of(const std::vector<element>& rows) {
  std::vector<ColumnValues> columns;
  for (const element row : rows) {
    const std::vector<element> items = list_field(as_node(row).fields, "items");
    if (items.size() > columns.size()) columns.resize(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) note_value(items[i], columns[i]);
  }
  return columns;
}

void read_source(object fields, Insert& insert) {
  const Node source = node_field(fields, "selectStmt");
  if (source.type.empty()) {
    insert.source = InsertSource::DefaultValues;
    return;
  }
  const std::vector<element> rows = has_field(source.fields, "valuesLists")
                                        ? list_field(source.fields, "valuesLists")
                                        : std::vector<element>();
  // VALUES with ORDER BY, LIMIT or its own WITH inserts what the query yields, not the rows as
  // written.
  constexpr std::array<std::string_view, 4> kQueryClauses{"sortClause", "limitCount", "limitOffset",
                                                          "withClause"};
  const bool query =
      std::any_of(kQueryClauses.begin(), kQueryClauses.end(),
                  [&source](std::string_view clause) { return has_field(source.fields, clause); });
  insert.source = rows.empty() || query ? InsertSource::Query : InsertSource::Values;
  insert.is_ordered = has_field(source.fields, "sortClause");
  if (insert.source == InsertSource::Values) insert.values = columns_of(rows);
}

Overriding overriding_of(std::string_view name) {
  if (name == "OVERRIDING_SYSTEM_VALUE") return Overriding::SystemValue;
  if (name == "OVERRIDING_USER_VALUE") return Overriding::UserValue;
  return Overriding::None;
}

Insert insert_of(element statement, object fields) {
  Insert insert;
  insert.table = target_of(fields);
  object alias;
  object range_var;
  if (!fields["relation"].get(range_var) && !range_var["alias"].get(alias)) {
    insert.alias = text_field(alias, "aliasname");
  }
  for (const element column : list_field(fields, "cols")) {
    const Node target = as_node(column);
    insert.columns.emplace_back(text_field(target.fields, "name"));
    insert.indirection = insert.indirection || has_field(target.fields, "indirection");
  }
  read_source(fields, insert);
  insert.overriding = overriding_of(text_field(fields, "override"));
  insert.has_on_conflict = has_field(fields, "onConflictClause");
  insert.has_returning = has_field(fields, "returningList");
  collect_targets(statement, writes, insert.with_writes);
  // The first target found is the statement's own.
  insert.with_writes.erase(insert.with_writes.begin());
  return insert;
}

// stmt_location and stmt_len are bytes; no length means: to the end (rewrite.md G6).
std::string_view text_of(object raw_statement, std::string_view sql) {
  const auto location = static_cast<std::size_t>(integer_field(raw_statement, "stmt_location"));
  const auto length = static_cast<std::size_t>(integer_field(raw_statement, "stmt_len"));
  const std::string_view rest = sql.substr(std::min(location, sql.size()));
  return length == 0 ? rest : rest.substr(0, length);
}

Statement facts_of(object raw_statement, std::string_view sql) {
  element statement;
  if (raw_statement["stmt"].get(statement)) return Other{};
  const Node node = as_node(statement);
  if (node.type == "InsertStmt") return insert_of(statement, node.fields);
  const std::string_view text = text_of(raw_statement, sql);
  if (node.type == "CopyStmt" && copies_in(node.fields)) {
    return copy_of(node.fields, text, static_cast<std::size_t>(text.data() - sql.data()));
  }
  Other other;
  other.command = leading_command(text);
  collect_targets(statement, inserts, other.hidden_tables);
  other.hides_insert = !other.hidden_tables.empty();
  if (node.type == "UpdateStmt" && !other.hides_insert) {
    Update update =
        update_of(node.fields, text, static_cast<std::size_t>(text.data() - sql.data()));
    std::vector<RelationName> written;
    collect_targets(statement, writes, written);
    update.with_writes = written.size() > 1;  // the statement's own is among them
    return update;
  }
  collect_targets(statement, updates, other.hidden_updates);
  return other;
}

}  // namespace

Result<std::vector<Statement>> parse(std::string_view sql) {
  const Result<SyntaxTree> tree = SyntaxTree::of(sql);
  if (!tree) return tl::unexpected(tree.error());
  std::vector<Statement> statements;
  statements.reserve(tree->statements().size());
  for (const object raw_statement : tree->statements())
    statements.push_back(facts_of(raw_statement, sql));
  return statements;
}

}  // namespace pgconcord::parser
