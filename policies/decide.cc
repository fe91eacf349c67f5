#include "policies/decide.h"

#include <algorithm>
#include <string>
#include <utility>

#include "policies/concern.h"
#include "policies/effect.h"
#include "policies/gates.h"
#include "policies/insert_missing.h"
#include "policies/labelled.h"
#include "policies/subject.h"

namespace pgconcord::policies {
namespace {

Decision left_alone(Decision decision, Reason reason) {
  decision.reason = reason;
  return decision;
}

// A14: a row that was not inserted lowers the tag, and so does a BEFORE trigger that returns NULL.
bool tag_counts_skipped_rows(const Subject& subject, const Effect& effect) {
  return effect.written.empty() && subject.insert.source == parser::InsertSource::Values &&
         !subject.table.has_before_insert_row_trigger;
}

// A9: DO NOTHING keeps the first of its own accord.
bool rows_must_differ(const Policy& policy, const Effect& effect) {
  switch (policy.duplicates) {
    case Duplicates::Error:
      return false;
    case Duplicates::First:
      return !effect.written.empty();
    case Duplicates::Last:
      return true;
  }
  return false;
}

// Without a catalog, for counting only: the statement's own facts are all there is, and nothing
// will be sent. The clause names the constraint, because its columns are not known.
Decision observe(Decision decision, const parser::Insert& insert, const Situation& situation) {
  const Policy& policy = *decision.policy;
  const auto same_table = [&](const parser::RelationName& name) {
    return name.name == insert.table.name;
  };
  if (policy.action == Action::DoNothing && insert.has_returning &&
      policy.returning == Returning::LeaveAlone) {
    return left_alone(std::move(decision), Reason::Returning);
  }
  if (std::any_of(insert.with_writes.begin(), insert.with_writes.end(), same_table)) {
    return left_alone(std::move(decision), Reason::CteSameTable);
  }
  if (situation.guarded && policy.guarded == Guarded::LeaveAlone) {
    return left_alone(std::move(decision), Reason::Guarded);
  }
  if (policy.columns.empty()) {
    decision.clause.target.constraint = decision.constraint;
    return decision;
  }
  for (const std::string& column : policy.columns) {
    std::string& elements = decision.clause.target.elements;
    elements += (elements.empty() ? "" : ", ") + parser::quote_identifier(column);
  }
  return decision;
}

}  // namespace

Decision decide(const parser::Insert& insert, const Situation& situation) {
  const Concern concern = find_concern(StatementKind::Insert, insert.table, situation);
  if (concern.policy == nullptr) return {};
  Decision decision = labelled(concern, situation);
  const auto stop = [&](Reason reason) { return left_alone(std::move(decision), reason); };

  if (const Reason reason = statement_gates(insert); reason != Reason::None) return stop(reason);
  if (concern.share == Share::Outside) return stop(Reason::Rollout);
  if (is_observed_blindly(concern, situation)) {
    return observe(std::move(decision), insert, situation);
  }
  if (concern.table == nullptr) return stop(concern.reason);
  if (const Reason reason = relation_gates(*concern.table); reason != Reason::None) {
    return stop(reason);
  }
  if (concern.arbiter == nullptr) return stop(concern.reason);

  const Subject subject{insert, *concern.policy, *concern.table, *concern.arbiter, situation};
  if (const Reason reason = arbiter_gates(subject); reason != Reason::None) return stop(reason);
  Effect effect = effect_of(subject);
  if (effect.reason != Reason::None) return stop(effect.reason);
  if (const Reason reason = effect_gates(subject, effect); reason != Reason::None) {
    return stop(reason);
  }
  decision.tag_counts_skipped_rows = tag_counts_skipped_rows(subject, effect);
  decision.clause = std::move(effect.clause);
  if (rows_must_differ(*concern.policy, effect)) {
    decision.row_keys = row_keys_of(insert, *concern.table, *concern.arbiter);
  }
  return decision;
}

Decision decide(const parser::Update& update, const Situation& situation) {
  const Concern concern = find_concern(StatementKind::Update, update.table, situation);
  if (concern.policy == nullptr) return {};
  Decision decision = labelled(concern, situation);
  const auto stop = [&](Reason reason) { return left_alone(std::move(decision), reason); };

  const bool inserts = concern.policy->action == Action::InsertMissing;
  decision.remedy = inserts ? Remedy::InsertForm : Remedy::ReportNoRows;
  if (update.row_name() == "excluded") return stop(Reason::AliasExcluded);
  if (inserts && !update.by_key) return stop(Reason::UpdateShape);
  if (concern.share == Share::Outside) return stop(Reason::Rollout);
  if (is_observed_blindly(concern, situation)) return decision;
  if (concern.table == nullptr) return stop(concern.reason);
  if (!inserts) {
    const Reason reason = translation_gates(update, concern, situation);
    return reason == Reason::None ? decision : stop(reason);
  }
  if (const Reason reason = relation_gates(*concern.table); reason != Reason::None) {
    return stop(reason);
  }
  if (concern.arbiter == nullptr) return stop(concern.reason);
  InsertMissing missing = insert_missing({update, concern, situation});
  if (missing.reason != Reason::None) return stop(missing.reason);
  decision.insert_form = std::move(missing.form);
  decision.key_checks = std::move(missing.key_checks);
  return decision;
}

Decision decide(const parser::Other& other, const Situation& situation) {
  Situation by_name = situation;
  by_name.table = 0;  // resolved for the statement's own target, not for the hidden ones
  const auto hidden = [&](StatementKind kind, const std::vector<parser::RelationName>& names) {
    for (const parser::RelationName& name : names) {
      const Concern concern = find_concern(kind, name, by_name);
      if (concern.policy != nullptr) {
        return left_alone(labelled(concern, by_name), Reason::NotTopLevel);
      }
    }
    return Decision{};
  };
  if (other.hides_insert) {
    Decision decision = hidden(StatementKind::Insert, other.hidden_tables);
    if (decision.policy != nullptr) return decision;
  }
  return hidden(StatementKind::Update, other.hidden_updates);
}

}  // namespace pgconcord::policies
