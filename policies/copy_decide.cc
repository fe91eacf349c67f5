// COPY ... FROM STDIN (rewrite.md section 4). What is merged is an INSERT of the same columns, so
// everything that such an INSERT has to pass holds here too; the rest is about the way there.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "policies/concern.h"
#include "policies/decide.h"
#include "policies/effect.h"
#include "policies/gates.h"
#include "policies/labelled.h"
#include "policies/subject.h"

namespace pgconcord::policies {
namespace {

using parser::Copy;
using Repeats = parser::Staging::Repeats;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool contains_all(const std::vector<std::string>& names, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const std::string& name) { return contains(names, name); });
}

Reason copy_gates(const Copy& copy) {
  if (copy.source != Copy::Source::Stdin) return Reason::CopySource;
  return copy.freezes ? Reason::CopyFreeze : Reason::None;
}

// COPY ignores rules, INSERT does not.
Reason copied_relation_gates(const Table& table) {
  const Reason reason = relation_gates(table);
  if (reason == Reason::View) return Reason::CopyView;
  return reason == Reason::Rules ? Reason::CopyRules : reason;
}

// Without a list: every column but generated ones, as the server has it.
std::vector<std::string> copied_columns(const Copy& copy, const Table& table) {
  if (!copy.columns.empty()) return copy.columns;
  std::vector<std::string> names;
  for (const Column& column : table.columns) {
    if (!column.generated) names.push_back(column.name);
  }
  return names;
}

// One COPY under one policy while its staging table is put together.
class Builder {
 public:
  Builder(const Copy& copy, const Concern& concern, const Situation& situation)
      : copy_(copy),
        policy_(*concern.policy),
        table_(*concern.table),
        arbiter_(*concern.arbiter),
        situation_(situation) {
    insert_.table = copy.table;
    insert_.source = parser::InsertSource::Query;
    insert_.columns = copied_columns(copy, table_);
    staging_.columns = insert_.columns;
  }

  Reason build(Decision& decision) {
    for (const auto step : {&Builder::temporary_table, &Builder::columns, &Builder::filter,
                            &Builder::defaults, &Builder::insert_gates, &Builder::repeats}) {
      if (const Reason reason = (this->*step)(); reason != Reason::None) return reason;
    }
    decision.tag_counts_skipped_rows =
        effect_.written.empty() && !table_.has_before_insert_row_trigger;
    decision.clause = std::move(effect_.clause);
    decision.staging = std::move(staging_);
    return Reason::None;
  }

 private:
  Reason temporary_table() {
    return situation_.catalog->may_create_temporary_tables() ? Reason::None : Reason::CopyNoTemp;
  }

  // What the server would refuse is refused by the client's own statement.
  Reason columns() {
    std::vector<std::string> seen;
    for (const std::string& name : staging_.columns) {
      const Column* column = find_column(table_, name);
      if (column == nullptr || column->generated || contains(seen, name)) return Reason::Name;
      if (!column->may_insert) return Reason::Privilege;
      staging_.overrides_identity = staging_.overrides_identity || column->identity == 'a';
      seen.push_back(name);
    }
    return seen.empty() ? Reason::Name : Reason::None;
  }

  // It sees the whole row with its defaults; the staging table has the columns of the data.
  Reason filter() {
    const bool fits = copy_.filter_is_plain && contains_all(staging_.columns, copy_.filter_columns);
    return fits ? Reason::None : Reason::Name;
  }

  // A generated key would be drawn for rows that are new, like a column that is left out.
  Reason defaults() {
    if (!copy_.reads_defaults) return Reason::None;
    for (const std::string& name : staging_.columns) {
      const Column* column = find_column(table_, name);
      const bool is_key = contains(arbiter_.referenced_columns, name);
      if (is_key && column->from_sequence) return Reason::SequenceKey;
      if (column->identity != '\0') return Reason::Proof;
      if (!column->default_expression.empty()) {
        staging_.defaults.emplace_back(name, column->default_expression);
      }
    }
    return Reason::None;
  }

  Reason insert_gates() {
    const Subject subject{insert_, policy_, table_, arbiter_, situation_};
    if (const Reason reason = arbiter_gates(subject); reason != Reason::None) return reason;
    effect_ = effect_of(subject);
    return effect_.reason == Reason::None ? effect_gates(subject, effect_) : effect_.reason;
  }

  Reason repeats() {
    staging_.repeats = wanted_repeats();
    if (staging_.repeats == Repeats::InOrder) return Reason::None;
    if (arbiter_.kind == IndexKind::Exclusion) return Reason::Exclusion;
    if (table_.has_before_insert_row_trigger && policy_.triggers == Triggers::LeaveAlone) {
      return Reason::Trigger;  // it may change the key that rows are told apart by
    }
    const auto& names = arbiter_.referenced_columns;
    const bool collate_plainly =
        std::all_of(names.begin(), names.end(), [&](const std::string& name) {
          const Column* column = find_column(table_, name);
          return column != nullptr && column->collates_plainly;
        });
    if (!collate_plainly || !contains_all(staging_.columns, names)) return Reason::Proof;
    staging_.key_elements = arbiter_.elements;
    staging_.key_predicate = arbiter_.predicate;
    staging_.nulls_not_distinct = arbiter_.nulls_not_distinct;
    return Reason::None;
  }

  // A9: DO NOTHING keeps the first of its own accord.
  Repeats wanted_repeats() const {
    switch (policy_.duplicates) {
      case Duplicates::Error:
        return Repeats::Refused;
      case Duplicates::First:
        return effect_.written.empty() ? Repeats::InOrder : Repeats::FirstKept;
      case Duplicates::Last:
        return Repeats::LastKept;
    }
    return Repeats::Refused;
  }

  const Copy& copy_;
  const Policy& policy_;
  const Table& table_;
  const UniqueIndex& arbiter_;
  const Situation& situation_;
  parser::Insert insert_;
  parser::Staging staging_;
  Effect effect_;
};

Reason decide_known(const Copy& copy, const Concern& concern, const Situation& situation,
                    Decision& decision) {
  if (concern.table == nullptr) return concern.reason;
  const Reason reason = copied_relation_gates(*concern.table);
  if (reason != Reason::None) return reason;
  if (concern.arbiter == nullptr) return concern.reason;
  return Builder(copy, concern, situation).build(decision);
}

}  // namespace

Decision decide(const Copy& copy, const Situation& situation) {
  const Concern concern = find_concern(StatementKind::Copy, copy.table, situation);
  if (concern.policy == nullptr) return {};
  Decision decision = labelled(concern, situation);
  decision.remedy = Remedy::StageRows;
  decision.reason = copy_gates(copy);
  if (decision.reason == Reason::None && concern.share == Share::Outside) {
    decision.reason = Reason::Rollout;
  }
  if (decision.reason != Reason::None || is_observed_blindly(concern, situation)) return decision;
  decision.reason = decide_known(copy, concern, situation, decision);
  return decision;
}

}  // namespace pgconcord::policies
