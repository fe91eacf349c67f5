#include "policies/insert_missing.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "policies/effect.h"
#include "policies/gates.h"
#include "policies/subject.h"

namespace pgconcord::policies {
namespace {

using parser::Assignment;
using parser::InsertColumn;
using parser::KeyValue;
using Source = InsertColumn::Source;

// One UPDATE under one policy while its INSERT is put together.
class Builder {
 public:
  explicit Builder(const UpdateSubject& subject)
      : subject_(subject),
        update_(subject.update),
        policy_(*subject.concern.policy),
        table_(*subject.concern.table),
        arbiter_(*subject.concern.arbiter) {}

  InsertMissing build() {
    for (const auto step :
         {&Builder::arbiter, &Builder::keys, &Builder::assignments, &Builder::policy_columns,
          &Builder::columns_left_out, &Builder::other_gates}) {
      out_.reason = (this->*step)();
      if (out_.reason != Reason::None) break;
    }
    return std::move(out_);
  }

 private:
  // An UPDATE reaches rows outside a partial index as well, and an expression's rows by other ways.
  Reason arbiter() {
    if (arbiter_.kind == IndexKind::Exclusion) return Reason::Exclusion;
    if (arbiter_.has_expressions || !arbiter_.predicate.empty()) return Reason::UpdateShape;
    out_.form.target = {arbiter_.elements, "", ""};
    return Reason::None;
  }

  Reason keys() {
    if (update_.keys.size() != arbiter_.columns.size()) return Reason::UpdateShape;
    for (std::size_t i = 0; i < update_.keys.size(); ++i) {
      const KeyValue& key = update_.keys[i];
      const auto& names = arbiter_.columns;
      const Column* column = find_column(table_, key.column);
      if (std::find(names.begin(), names.end(), key.column) == names.end() || column == nullptr ||
          is_taken(key.column)) {
        return Reason::UpdateShape;
      }
      if (column->generated) return Reason::UpdateShape;
      // The row to be created would overrule the sequence that its key must come from.
      if (column->identity == 'a') return Reason::SequenceKey;
      if (!may_be_key(*column, key)) return Reason::UpdateType;
      out_.form.columns.push_back({key.column, Source::Key, i, ""});
      out_.key_checks.push_back({key, column->type_oid});
    }
    return Reason::None;
  }

  Reason assignments() {
    for (std::size_t i = 0; i < update_.assignments.size(); ++i) {
      const Assignment& assignment = update_.assignments[i];
      const Column* column = find_column(table_, assignment.column);
      if (column == nullptr) return Reason::Name;
      // A key among them too: the row would move away from what WHERE found.
      if (is_taken(assignment.column) || !may_be_set(*column)) return Reason::UpdateShape;
      InsertColumn made{assignment.column, Source::Assignment, i, ""};
      if (assignment.reads_row) {
        const std::string* start = start_of(assignment.column);
        if (start == nullptr || !is_qualified_by_name(assignment)) {
          return Reason::UpdateSelfReference;
        }
        made.source = Source::Start;
        made.start = *start;
      }
      out_.form.columns.push_back(std::move(made));
      written_.push_back(column);
    }
    return Reason::None;
  }

  // What the policy gives a created row beyond the statement.
  Reason policy_columns() {
    for (const auto& [name, expression] : policy_.set) {
      const Column* column = find_column(table_, name);
      if (column == nullptr) return Reason::Name;
      if (is_taken(name)) continue;
      if (!may_be_set(*column)) return Reason::NoColumnToTouch;
      out_.form.columns.push_back({name, Source::Policy, 0, expression});
    }
    return Reason::None;
  }

  // The row to be inserted is checked before anyone looks whether there is one (A16): with columns
  // left to their defaults an UPDATE of a good row could fail.
  Reason columns_left_out() {
    for (const Column& column : table_.columns) {
      if (is_taken(column.name) || column.generated || column.identity != '\0') continue;
      const bool may_be_refused = (column.not_null || column.is_domain) && !column.has_default;
      if (may_be_refused || column.in_check) return Reason::UpdateNotNull;
    }
    return Reason::None;
  }

  // Everything that an INSERT with the same clause would have to pass.
  Reason other_gates() {
    parser::Insert insert;
    insert.table = update_.table;
    insert.alias = update_.alias;
    insert.has_returning = update_.has_returning;
    for (const InsertColumn& column : out_.form.columns) {
      insert.columns.push_back(column.name);
      const Column* found = find_column(table_, column.name);
      if (found == nullptr || !found->may_insert) return Reason::Privilege;
    }
    insert.values.resize(insert.columns.size());
    const Subject subject{insert, policy_, table_, arbiter_, subject_.situation};
    if (const Reason reason = arbiter_gates(subject); reason != Reason::None) return reason;
    Effect effect;
    effect.written = written_;
    return effect_gates(subject, effect);
  }

  bool is_taken(std::string_view name) const {
    return std::any_of(out_.form.columns.begin(), out_.form.columns.end(),
                       [&](const InsertColumn& column) { return column.name == name; });
  }

  static bool may_be_set(const Column& column) {
    return !column.generated && column.identity != 'a';
  }

  const std::string* start_of(std::string_view name) const {
    for (const auto& [column, expression] : policy_.set) {
      if (column == name) return &expression;
    }
    return nullptr;
  }

  // A bare name that is no column would be something else: the whole row, for one.
  bool is_qualified_by_name(const Assignment& assignment) const {
    return assignment.can_be_qualified &&
           std::all_of(
               assignment.columns_read.begin(), assignment.columns_read.end(),
               [&](const std::string& name) { return find_column(table_, name) != nullptr; });
  }

  const UpdateSubject& subject_;
  const parser::Update& update_;
  const Policy& policy_;
  const Table& table_;
  const UniqueIndex& arbiter_;
  std::vector<const Column*> written_;
  InsertMissing out_;
};

}  // namespace

InsertMissing insert_missing(const UpdateSubject& subject) { return Builder(subject).build(); }

Reason translation_gates(const parser::Update& update, const Concern& concern,
                         const Situation& situation) {
  const Policy& policy = *concern.policy;
  if (concern.arbiter == nullptr) return concern.reason;
  // It may be checked at the end of the transaction, when rows have been returned.
  if (!concern.arbiter->immediate) return Reason::Deferrable;
  // What the CTE did is gone as well, and `UPDATE 0` does not tell.
  if (update.with_writes) return Reason::UpdateShape;
  // The client would wait for a description of rows that never come.
  if (update.has_returning && policy.returning == Returning::LeaveAlone) return Reason::Returning;
  return session_gates(policy, *concern.table, situation);
}

}  // namespace pgconcord::policies
