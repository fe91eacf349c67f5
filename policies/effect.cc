#include "policies/effect.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace pgconcord::policies {
namespace {

using parser::quote_identifier;

// A1: inference by columns and expressions survives renamed constraints and serves plain unique
// indexes. ON CONSTRAINT is for exclusion constraints, which cannot be inferred.
parser::ConflictTarget target_of(const UniqueIndex& arbiter) {
  if (arbiter.kind == IndexKind::Exclusion) return {"", "", arbiter.name};
  return {arbiter.elements, arbiter.predicate, ""};
}

// What the stored row is called: the alias hides the table's name (A1).
std::string row_name(const parser::Insert& insert) {
  return quote_identifier(insert.alias.empty() ? insert.table.name : insert.alias);
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool may_be_set(const Column& column) { return !column.generated && column.identity != 'a'; }

// Without regard to case and quoting: finding too much only leaves a statement alone.
bool mentions(std::string_view expression, std::string_view name) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(expression.begin(), expression.end(), name.begin(), name.end(), same) !=
         expression.end();
}

// The policy's expressions say the table's name, which an alias in the statement hides (42P01).
bool alias_hides_table(const Subject& subject) {
  if (subject.insert.alias.empty() || subject.insert.alias == subject.table.name) return false;
  const auto& set = subject.policy.set;
  return mentions(subject.policy.where, subject.table.name) ||
         std::any_of(set.begin(), set.end(), [&](const auto& assignment) {
           return mentions(assignment.second, subject.table.name);
         });
}

void assign(Effect& effect, const Column& column, std::string expression) {
  effect.written.push_back(&column);
  effect.clause.assignments.emplace_back(column.name, std::move(expression));
}

// A18: a plain column outside every index, so that the row lock stays the weak one and no key is
// rewritten.
bool may_be_touched(const Table& table, const Column& column) {
  return may_be_set(column) && !column.in_any_index &&
         !contains(table.partition_key_columns, column.name);
}

void touch(Effect& effect, const Subject& subject) {
  effect.reason = Reason::NoColumnToTouch;
  for (const Column& column : subject.table.columns) {
    if (!may_be_touched(subject.table, column)) continue;
    if (!column.may_select || !column.may_update) {
      effect.reason = Reason::Privilege;  // there would be one
      continue;
    }
    effect.reason = Reason::None;
    assign(effect, column, row_name(subject.insert) + "." + quote_identifier(column.name));
    return;
  }
}

void set_as_policy_says(Effect& effect, const Subject& subject) {
  for (const auto& [name, expression] : subject.policy.set) {
    const Column* column = find_column(subject.table, name);
    if (column == nullptr) {
      effect.reason = Reason::Name;
    } else if (!may_be_set(*column)) {
      effect.reason = Reason::NoColumnToTouch;
    } else {
      assign(effect, *column, expression);
    }
  }
}

// A10: only what the client gave. EXCLUDED also carries defaults, and they must not overwrite
// stored values. INSERT ... SELECT without a column list does not say what it gives: such a policy
// needs `set`.
void set_what_was_given(Effect& effect, const Subject& subject) {
  if (subject.insert.indirection) {
    effect.reason = Reason::Name;  // col.field or col[1]: EXCLUDED.col has the other parts empty
    return;
  }
  for (const Column& column : subject.table.columns) {
    if (contains(subject.arbiter.columns, column.name) || !may_be_set(column)) continue;
    switch (given(subject.insert, subject.table, column)) {
      case Given::Value:
        assign(effect, column, "EXCLUDED." + quote_identifier(column.name));
        break;
      case Given::Unknown:
        effect.reason = Reason::NoColumnToTouch;
        return;
      case Given::Default:
        break;
    }
  }
}

// Byte for byte, not by `=`: json and point have no usable equality, and citext or a
// case-insensitive collation would call a change of case no change.
std::string something_changes(const Effect& effect, const Subject& subject) {
  std::string stored;
  std::string proposed;
  const std::string row = row_name(subject.insert);
  for (std::size_t i = 0; i < effect.written.size(); ++i) {
    const Column& column = *effect.written[i];
    const std::string& expression = effect.clause.assignments[i].second;
    const bool plain = subject.policy.set.empty();  // EXCLUDED.column has the column's type
    stored += (i == 0 ? "" : ", ") + row + "." + quote_identifier(column.name);
    proposed += i == 0 ? "" : ", ";
    proposed += plain ? expression : "CAST(" + expression + " AS " + column.type + ")";
  }
  return "ROW(" + stored + ")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(" + proposed +
         ")::pg_catalog.record";
}

std::string condition(const Effect& effect, const Subject& subject) {
  const std::string& where = subject.policy.where;
  if (!subject.policy.skip_unchanged) return where;
  const std::string change = something_changes(effect, subject);
  return where.empty() ? change : "(" + where + ") AND " + change;
}

void update(Effect& effect, const Subject& subject) {
  if (alias_hides_table(subject)) {
    effect.reason = Reason::Name;
    return;
  }
  if (subject.policy.set.empty()) {
    set_what_was_given(effect, subject);
  } else {
    set_as_policy_says(effect, subject);
  }
  if (effect.reason != Reason::None) return;
  if (!effect.written.empty()) {
    effect.clause.where = condition(effect, subject);
  } else if (subject.insert.has_returning) {
    touch(effect, subject);  // nothing to set, but the client asks for its row
  }
}

}  // namespace

Effect effect_of(const Subject& subject) {
  Effect effect;
  effect.clause.target = target_of(subject.arbiter);
  switch (subject.policy.action) {
    case Action::DoNothing:
      break;
    case Action::DoUpdate:
      update(effect, subject);
      break;
    case Action::ReturnExisting:
      touch(effect, subject);
      break;
    case Action::InsertMissing:
      effect.reason = Reason::UpdateShape;  // belongs to UPDATE; the loader refuses it for INSERT
      break;
  }
  return effect;
}

}  // namespace pgconcord::policies
