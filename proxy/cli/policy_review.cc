#include "proxy/cli/policy_review.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "policies/decide.h"

namespace pgconcord::cli {
namespace {

using policies::Decision;
using policies::Moment;
using policies::Policy;
using policies::Reason;
using policies::StatementKind;
using policies::Table;
using policies::UniqueIndex;

// What a policy is reviewed with: an INSERT of one row that supplies every column that can be
// supplied.
parser::Insert representative_insert(const Table& table) {
  parser::Insert insert;
  insert.table = {table.schema, table.name};
  for (const policies::Column& column : table.columns) {
    if (column.generated || column.identity == 'a') continue;
    insert.columns.push_back(column.name);
    parser::ColumnValues values;
    values.any_parameter = true;
    insert.values.push_back(values);
  }
  return insert;
}

// Likewise an UPDATE by the key that gives every other column that can be given.
parser::Update representative_update(const Policy& policy, const Table& table,
                                     std::string_view constraint) {
  parser::Update update;
  update.table = {table.schema, table.name};
  update.by_key = true;
  const UniqueIndex* key = policies::find_index(table, constraint);
  const std::vector<std::string> names = key == nullptr ? policy.columns : key->columns;
  for (const policies::Column& column : table.columns) {
    if (std::find(names.begin(), names.end(), column.name) != names.end()) {
      parser::KeyValue value;
      value.column = column.name;
      value.kind = parser::KeyValue::Kind::Parameter;
      update.keys.push_back(std::move(value));
    } else if (!column.generated && column.identity != 'a') {
      parser::Assignment assignment;
      assignment.column = column.name;
      update.assignments.push_back(std::move(assignment));
    }
  }
  return update;
}

// A COPY of every column that can be supplied.
parser::Copy representative_copy(const Table& table) {
  parser::Copy copy;
  copy.table = {table.schema, table.name};
  return copy;
}

const UniqueIndex* index_of(const Policy& policy, const Table& table) {
  for (const UniqueIndex& index : table.indexes) {
    if (!policy.constraint.empty() && index.name == policy.constraint) return &index;
    if (policy.constraint.empty() && index.columns == policy.columns) return &index;
  }
  return nullptr;
}

struct Review {
  const Policy& policy;
  const policies::Catalog& catalog;
  const Table& table;

  Decision decide(Moment moment, std::string_view constraint) const {
    policies::Selection selection;
    selection.policies = {&policy};
    const policies::Suspensions none;
    policies::Situation situation;
    situation.moment = moment;
    situation.selection = &selection;
    situation.catalog = &catalog;
    situation.suspensions = &none;
    situation.table = table.oid;
    if (moment == Moment::AfterViolation) {
      situation.violated_schema = table.schema;
      situation.violated_table = table.name;
      situation.violated_constraint = constraint;
    }
    switch (policy.statement) {
      case StatementKind::Insert:
        return policies::decide(representative_insert(table), situation);
      case StatementKind::Update:
        return policies::decide(representative_update(policy, table, constraint), situation);
      case StatementKind::Copy:
        return policies::decide(representative_copy(table), situation);
    }
    return {};
  }

  Finding finding(Severity severity, std::string message, Reason reason = Reason::None) const {
    return {severity, policy.name, table.schema + "." + table.name,
            std::string(policies::label(reason)), std::move(message)};
  }
};

std::string_view statement_word(StatementKind kind) {
  switch (kind) {
    case StatementKind::Insert:
      return "INSERT";
    case StatementKind::Update:
      return "UPDATE";
    case StatementKind::Copy:
      return "COPY";
  }
  return "";
}

bool is_configuration_mistake(Reason reason) {
  return reason == Reason::InvalidIndex || reason == Reason::CatalogUnknown;
}

std::optional<Finding> outcome(const Review& review, Moment moment, std::string_view constraint) {
  const Decision decision = review.decide(moment, constraint);
  if (decision.policy == nullptr || decision.reason == Reason::None) return std::nullopt;
  return review.finding(
      is_configuration_mistake(decision.reason) ? Severity::Error : Severity::Warning,
      std::string(statement_word(review.policy.statement)) + " is left alone " +
          std::string(moment == Moment::UpFront ? "up front" : "on violation") + ": " +
          std::string(policies::explanation(decision.reason)),
      decision.reason);
}

// A key drawn from a sequence collides only when the sequence lags: nothing a rewrite may hide.
std::optional<Finding> sequence_note(const Review& review, const UniqueIndex& index) {
  if (review.policy.statement == StatementKind::Update) return std::nullopt;
  for (const policies::Column& column : review.table.columns) {
    const bool is_key =
        std::find(index.columns.begin(), index.columns.end(), column.name) != index.columns.end();
    if (!is_key || !column.from_sequence) continue;
    return review.finding(Severity::Note,
                          "statements that do not supply " + column.name +
                              " are left alone: its value comes from a sequence",
                          Reason::SequenceKey);
  }
  return std::nullopt;
}

void review_index(const Review& review, const UniqueIndex& index, std::vector<Finding>& findings) {
  const auto up_front = outcome(review, Moment::UpFront, index.name);
  const auto on_violation = outcome(review, Moment::AfterViolation, index.name);
  if (on_violation) findings.push_back(*on_violation);
  if (up_front && !(on_violation && on_violation->reason == up_front->reason)) {
    findings.push_back(*up_front);
  }
  if (!up_front && !on_violation) {
    findings.push_back(review.finding(
        Severity::Ok, std::string(policies::label(review.policy.action)) + " by " + index.name));
  }
  if (auto note = sequence_note(review, index)) findings.push_back(std::move(*note));
}

void review_table(const Review& review, std::vector<Finding>& findings) {
  if (review.policy.constraint == "*") {
    if (review.table.indexes.empty()) {
      findings.push_back(review.finding(Severity::Error, "the table has no unique index"));
    }
    for (const UniqueIndex& index : review.table.indexes) review_index(review, index, findings);
    return;
  }
  if (const UniqueIndex* index = index_of(review.policy, review.table)) {
    return review_index(review, *index, findings);
  }
  std::string known;
  for (const UniqueIndex& index : review.table.indexes) {
    known += (known.empty() ? "" : ", ") + index.name;
  }
  const std::string wanted = review.policy.constraint.empty()
                                 ? "no unique index on exactly these columns"
                                 : "no constraint or unique index " + review.policy.constraint;
  findings.push_back(review.finding(Severity::Error,
                                    wanted + "; the table has " + (known.empty() ? "none" : known),
                                    Reason::InvalidIndex));
}

}  // namespace

std::string_view label(Severity severity) {
  switch (severity) {
    case Severity::Ok:
      return "ok";
    case Severity::Note:
      return "note";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      return "error";
  }
  return "";
}

std::vector<Finding> review(const Policy& policy, const policies::Catalog& catalog) {
  std::vector<Finding> findings;
  if (policy.written_mode == policies::Mode::Off) {
    return {{Severity::Note, policy.name, "", "", "the policy is off"}};
  }
  // The catalog answers whatever the ceiling is.
  Policy enforced = policy;
  enforced.mode = policies::Mode::Enforce;
  enforced.rollout_percent = 100;
  for (const Table& table : catalog.tables()) {
    const bool is_meant =
        table.name == policy.table && (policy.schema == "*" || policy.schema == table.schema);
    if (is_meant) review_table({enforced, catalog, table}, findings);
  }
  if (findings.empty()) {
    findings.push_back({Severity::Error, policy.name, "", "",
                        "no table " + policy.schema + "." + policy.table + " is visible to role " +
                            catalog.role()});
  }
  return findings;
}

}  // namespace pgconcord::cli
