#include "parser/update_facts.h"

#include <algorithm>
#include <array>
#include <map>

#include "parser/tokens.h"

namespace pgconcord::parser {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

template <class Visit>
void visit_nodes(element tree, const Visit& visit);

template <class Visit>
void visit_members(object members, const Visit& visit) {
  for (const auto member : members) {
    object fields;
    if (!member.value.get(fields)) visit(member.key, fields);
    visit_nodes(member.value, visit);
  }
}

// Calls `visit(type, fields)` for every node of a tree. Recursion is bounded by the tree's depth
// limit.
template <class Visit>
void visit_nodes(element tree, const Visit& visit) {
  simdjson::dom::array items;
  object members;
  if (!tree.get(items)) {
    for (const element item : items) visit_nodes(item, visit);
  } else if (!tree.get(members)) {
    visit_members(members, visit);
  }
}

std::size_t location_of(object fields) {
  return static_cast<std::size_t>(integer_field(fields, "location"));
}

// Only what names a row's own column: `a`, `t.a`, `s.t.a`.
bool is_own_column(const std::vector<std::string>& name, const Update& update) {
  const bool by_row = name.size() < 2 || name[name.size() - 2] == update.row_name();
  const bool by_schema =
      name.size() < 3 || (update.alias.empty() && name[0] == update.table.schema);
  return !name.empty() && name.size() <= 3 && by_row && by_schema;
}

Update target_of(object fields) {
  Update update;
  object range_var;
  object alias;
  if (fields["relation"].get(range_var)) return update;
  update.table = relation_of(range_var);
  if (!range_var["alias"].get(alias)) update.alias = text_field(alias, "aliasname");
  return update;
}

bool is_and(const Node& node) {
  return node.type == "BoolExpr" && text_field(node.fields, "boolop") == "AND_EXPR";
}

bool is_equality(const Node& node) {
  if (node.type != "A_Expr" || text_field(node.fields, "kind") != "AEXPR_OP") return false;
  const std::vector<element> name = list_field(node.fields, "name");
  return name.size() == 1 && text_field(as_node(name[0]).fields, "sval") == "=";
}

struct Equality {
  std::string column;
  element value;
};

// False when `tree` is something else.
bool collect_equalities(element tree, const Update& update, std::vector<Equality>& out) {
  const Node node = as_node(tree);
  if (is_and(node)) {
    const std::vector<element> args = list_field(node.fields, "args");
    return std::all_of(args.begin(), args.end(),
                       [&](element each) { return collect_equalities(each, update, out); });
  }
  element left;
  element right;
  if (!is_equality(node) || node.fields["lexpr"].get(left) || node.fields["rexpr"].get(right)) {
    return false;
  }
  if (as_node(left).type != "ColumnRef") std::swap(left, right);
  if (as_node(left).type != "ColumnRef" || as_node(right).type == "ColumnRef") return false;
  const std::vector<std::string> name = column_name(as_node(left).fields);
  if (!is_own_column(name, update)) return false;
  out.push_back({name.back(), right});
  return true;
}

// One statement while its facts are gathered.
class Reader {
 public:
  Reader(object fields, std::string_view text, std::size_t begin)
      : fields_(fields), text_(text), begin_(begin), tokens_(tokens_of(text)) {}

  bool read(Update& update) {
    if (!is_plain() || tokens_.empty()) return false;
    find_clauses(update);
    count_parameters();
    return where_ != kNoToken && read_keys(update) && read_assignments(update);
  }

 private:
  bool is_plain() const {
    object range_var;
    return !fields_["relation"].get(range_var) && has_field(range_var, "inh") &&
           !has_field(range_var, "catalogname") && !has_field(fields_, "fromClause") &&
           !has_field(fields_, "withClause") && has_field(fields_, "whereClause") &&
           !returns_system_columns();
  }

  // An INSERT through a partitioned table cannot return them, an UPDATE can.
  bool returns_system_columns() const {
    constexpr std::array<std::string_view, 4> kSystem{"xmin", "xmax", "cmin", "cmax"};
    bool found = false;
    for (const element target : list_field(fields_, "returningList")) {
      visit_nodes(target, [&](std::string_view type, object node) {
        if (type != "ColumnRef") return;
        const std::vector<std::string> name = column_name(node);
        found = found || (!name.empty() &&
                          std::find(kSystem.begin(), kSystem.end(), name.back()) != kSystem.end());
      });
    }
    return found;
  }

  void find_clauses(Update& update) {
    update.last_token = tokens_.size() - 1;
    for (std::size_t i = 1; i < tokens_.size(); ++i) {
      const Token& token = tokens_[i];
      if (token.depth != 0) continue;
      if (where_ == kNoToken && is_word(text_, token, "where") && !is_label(i)) where_ = i;
      if (where_ != kNoToken && update.has_returning && is_word(text_, token, "returning") &&
          !is_label(i)) {
        update.last_token = i - 1;
        return;
      }
    }
  }

  // Behind a dot even a reserved word is only a name.
  bool is_label(std::size_t index) const {
    return text_[tokens_[index - 1].begin] == '.' || is_word(text_, tokens_[index - 1], "as");
  }

  void count_parameters() {
    visit_members(fields_, [this](std::string_view type, object node) {
      if (type == "ParamRef") ++parameters_[integer_field(node, "number")];
    });
  }

  std::size_t token_of(object node) const {
    const std::size_t location = location_of(node);
    return location < begin_ ? kNoToken : token_at(tokens_, location - begin_);
  }

  bool read_keys(Update& update) {
    element where;
    std::vector<Equality> equalities;
    if (fields_["whereClause"].get(where) || !collect_equalities(where, update, equalities)) {
      return false;
    }
    for (const Equality& each : equalities) update.keys.push_back(key_value(each));
    return true;
  }

  KeyValue key_value(const Equality& equality) const {
    KeyValue key;
    key.column = equality.column;
    const Node node = as_node(equality.value);
    key.token = token_of(node.fields);
    if (key.token == kNoToken) return key;
    const TokenKind token = tokens_[key.token].kind;
    if (node.type == "ParamRef") {
      key.kind = KeyValue::Kind::Parameter;
      key.parameter = integer_field(node.fields, "number");
      const auto count = parameters_.find(key.parameter);
      key.parameter_is_shared = count != parameters_.end() && count->second > 1;
    } else if (node.type == "A_Const" && has_field(node.fields, "sval") &&
               token == TokenKind::String) {
      key.kind = KeyValue::Kind::Text;
    } else if (node.type == "A_Const" && token == TokenKind::Number) {
      key.kind = KeyValue::Kind::Number;
    }
    return key;
  }

  bool read_assignments(Update& update) {
    const std::vector<element> targets = list_field(fields_, "targetList");
    std::vector<std::size_t> starts;
    starts.reserve(targets.size() + 1);
    for (const element target : targets) starts.push_back(token_of(as_node(target).fields));
    starts.push_back(where_ + 1);  // as if a comma stood in the place of WHERE
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const object target = as_node(targets[i]).fields;
      element value;
      if (starts[i] == kNoToken || starts[i + 1] == kNoToken || has_field(target, "indirection") ||
          target["val"].get(value) || as_node(value).type == "MultiAssignRef") {
        return false;
      }
      Assignment assignment;
      assignment.column = text_field(target, "name");
      assignment.value = {starts[i] + 2, starts[i + 1] - 2};
      if (!is_assignment(starts[i], assignment.value)) return false;
      read_value(value, update, assignment);
      update.assignments.push_back(std::move(assignment));
    }
    return !targets.empty();
  }

  bool is_assignment(std::size_t name, const TokenRange& value) const {
    return value.first <= value.last && value.last < where_ &&
           tokens_[name + 1].kind == TokenKind::Operator && text_[tokens_[name + 1].begin] == '=' &&
           tokens_[name + 1].end == tokens_[name + 1].begin + 1;
  }

  void read_value(element value, const Update& update, Assignment& assignment) const {
    assignment.is_default = as_node(value).type == "SetToDefault";
    visit_nodes(value, [&](std::string_view type, object node) {
      if (type == "SubLink") {
        assignment.reads_row = true;  // nobody says whose columns it names
        assignment.can_be_qualified = false;
      } else if (type == "ColumnRef") {
        read_column(node, update, assignment);
      }
    });
  }

  void read_column(object node, const Update& update, Assignment& assignment) const {
    assignment.reads_row = true;
    const std::vector<std::string> name = column_name(node);
    const std::size_t token = token_of(node);
    if (name.empty() || name.size() > 2 || !is_own_column(name, update) || token == kNoToken) {
      assignment.can_be_qualified = false;
      return;
    }
    assignment.columns_read.push_back(name.back());
    if (name.size() == 1) assignment.bare_columns.push_back(token);
  }

  object fields_;
  std::string_view text_;
  std::size_t begin_;
  std::vector<Token> tokens_;
  std::map<std::int64_t, int> parameters_;  // how often each stands in the statement
  std::size_t where_ = kNoToken;
};

}  // namespace

std::vector<std::string> column_name(object column_ref) {
  std::vector<std::string> name;
  for (const element field : list_field(column_ref, "fields")) {
    const Node part = as_node(field);
    if (part.type != "String") return {};
    name.emplace_back(text_field(part.fields, "sval"));
  }
  return name;
}

std::vector<std::pair<std::string, element>> key_equalities(object fields) {
  element where;
  std::vector<Equality> equalities;
  if (fields["whereClause"].get(where) ||
      !collect_equalities(where, target_of(fields), equalities)) {
    return {};
  }
  std::vector<std::pair<std::string, element>> pairs;
  pairs.reserve(equalities.size());
  for (Equality& each : equalities) pairs.emplace_back(std::move(each.column), each.value);
  return pairs;
}

Update update_of(object fields, std::string_view text, std::size_t begin) {
  Update update = target_of(fields);
  update.has_returning = has_field(fields, "returningList");
  update.by_key = Reader(fields, text, begin).read(update);
  for (Assignment& each : update.assignments) {
    std::sort(each.bare_columns.begin(), each.bare_columns.end());
  }
  if (!update.by_key) {
    update.assignments.clear();
    update.keys.clear();
  }
  return update;
}

}  // namespace pgconcord::parser
