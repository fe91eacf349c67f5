#include "proxy/admin/suggestion.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <tuple>

#include "policies/sequence_repair.h"

namespace pgconcord::admin {
namespace {

using metrics::Cause;
using metrics::IncidentGroup;
using metrics::Outcome;

// All groups of one constraint as one.
struct Case {
  IncidentGroup sum;
  std::map<std::string, std::uint64_t> statements;  // by kind of statement
  bool returns_rows = false;                        // some statement has RETURNING
};

std::size_t at(Cause cause) { return static_cast<std::size_t>(cause); }
std::size_t at(Outcome outcome) { return static_cast<std::size_t>(outcome); }

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(double share) {
  return std::to_string(static_cast<int>(share * 100 + 0.5)) + " %";
}

void add(Case& constraint, const IncidentGroup& group) {
  IncidentGroup& sum = constraint.sum;
  sum.database = group.database;
  sum.violation = group.violation;
  sum.count += group.count;
  for (std::size_t i = 0; i < group.causes.size(); ++i) sum.causes[i] += group.causes[i];
  for (std::size_t i = 0; i < group.outcomes.size(); ++i) sum.outcomes[i] += group.outcomes[i];
  if (!group.key_columns.empty()) sum.key_columns = group.key_columns;
  if (!group.sequence.empty()) sum.sequence = group.sequence;
  constraint.statements[std::string(group.violation.statement)] += group.count;
  constraint.returns_rows =
      constraint.returns_rows || group.text.find("RETURNING") != std::string::npos;
}

std::vector<Case> by_constraint(const std::vector<IncidentGroup>& groups) {
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string>;
  std::map<Key, Case> cases;
  for (const IncidentGroup& group : groups) {
    const metrics::Violation& violation = group.violation;
    add(cases[{group.database, violation.schema, violation.table, violation.constraint,
               std::string(violation.kind)}],
        group);
  }
  std::vector<Case> list;
  for (auto& [key, constraint] : cases) list.push_back(std::move(constraint));
  std::stable_sort(list.begin(), list.end(), [](const Case& left, const Case& right) {
    return left.sum.count > right.sum.count;
  });
  return list;
}

double cause_share(const Case& constraint, Cause cause) {
  return share(constraint.sum.causes[at(cause)], constraint.sum.count);
}

double statement_share(const Case& constraint, const std::string& statement) {
  const auto found = constraint.statements.find(statement);
  return found == constraint.statements.end() ? 0 : share(found->second, constraint.sum.count);
}

double recovered_share(const Case& constraint) {
  const auto& outcomes = constraint.sum.outcomes;
  return share(outcomes[at(Outcome::Recovered)],
               std::accumulate(outcomes.begin(), outcomes.end(), std::uint64_t{0}));
}

std::string evidence_of(const Case& constraint) {
  std::string text = std::to_string(constraint.sum.count) + " violations";
  for (const auto& [statement, count] : constraint.statements) {
    text += ", " + percent(share(count, constraint.sum.count)) + " by " + statement;
  }
  for (const Cause cause :
       {Cause::SequenceDrift, Cause::Race, Cause::RepeatedImport, Cause::RepeatedWrite}) {
    if (constraint.sum.causes[at(cause)] == 0) continue;
    text += ", " + percent(cause_share(constraint, cause)) + " " + std::string(label(cause));
  }
  const auto& outcomes = constraint.sum.outcomes;
  const bool is_known = std::any_of(outcomes.begin(), outcomes.end(), [](auto n) { return n > 0; });
  if (!is_known) return text + ".";
  return text + ", " + percent(recovered_share(constraint)) + " recovered by the application.";
}

// Names as the file takes them: quoted where they are no plain words.
std::string yaml_text(const std::string& name) {
  const bool is_plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
  });
  if (is_plain) return name;
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

std::string policy_name(const std::string& constraint) {
  std::string name;
  for (const char c : constraint) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool is_capital = c >= 'A' && c <= 'Z';
    name += is_letter ? c : is_capital ? static_cast<char>(c - 'A' + 'a') : '-';
  }
  return name;
}

std::string policy_yaml(const Suggestion& suggestion) {
  return "  - name: " + policy_name(suggestion.constraint) + "\n    mode: observe\n    table: " +
         yaml_text(suggestion.schema + "." + suggestion.table) +
         "\n    constraint: " + yaml_text(suggestion.constraint) +
         "\n    action: " + std::string(label(suggestion.verdict)) + "\n";
}

std::string quoted_name(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

std::string quoted_text(const std::string& value) {
  std::string text = "'";
  for (const char c : value) text += c == '\'' ? std::string("''") : std::string(1, c);
  return text + "'";
}

// By the sequence's name where it is known. Either form only moves it forward (rewrite.md D).
std::string repair_sql(const Suggestion& suggestion, const IncidentGroup& sum) {
  const std::string& column = sum.key_columns;
  const std::string table = quoted_name(suggestion.schema) + "." + quoted_name(suggestion.table);
  if (!sum.sequence.empty()) {
    return policies::repair_statement({table, quoted_name(column), sum.sequence, true}, false);
  }
  const std::string sequence =
      "pg_get_serial_sequence(" + quoted_text(table) + ", " + quoted_text(column) + ")";
  return "SELECT setval(" + sequence + ", edge) FROM (SELECT max(" + quoted_name(column) +
         ") AS edge FROM " + table + ") AS keys WHERE edge > COALESCE(pg_sequence_last_value(" +
         sequence + "::regclass), 0);";
}

void advise(Suggestion& suggestion, Verdict verdict, std::string advice) {
  suggestion.verdict = verdict;
  suggestion.advice = std::move(advice);
}

// Other kinds than duplicates: no clause cures them.
bool advise_by_kind(Suggestion& suggestion) {
  if (suggestion.kind == "unique" || suggestion.kind == "exclusion") return false;
  std::string advice = "Look at the statement and the rule it breaks.";
  if (suggestion.kind == "foreign_key") {
    advice =
        "The row it refers to is missing, or is still referred to: write the parent first, or "
        "decide what a delete should do to its children.";
  } else if (suggestion.kind == "not_null" || suggestion.kind == "check") {
    advice = "The application sends values the table forbids: validate them before they are sent.";
  }
  advise(suggestion, Verdict::NoUpsert, advice + " An upsert cannot cure this.");
  return true;
}

bool advise_drift(Suggestion& suggestion, const Case& constraint) {
  if (cause_share(constraint, Cause::SequenceDrift) < 0.5) return false;
  advise(suggestion, Verdict::RepairSequence,
         "The key comes from a sequence that is behind its table, as after a restore or an import "
         "with explicit keys. Move the sequence; an upsert would lose new rows.");
  const std::string& columns = constraint.sum.key_columns;
  const bool is_named = suggestion.schema != "*" && suggestion.table != "unknown";
  if (is_named && !columns.empty() && columns.find(", ") == std::string::npos) {
    suggestion.sql = repair_sql(suggestion, constraint.sum);
  }
  return true;
}

void add_cautions(Suggestion& suggestion, const Case& constraint) {
  auto& cautions = suggestion.cautions;
  cautions.emplace_back("A second unique constraint of the table still raises its own violation.");
  if (suggestion.verdict == Verdict::ReturnExisting) {
    cautions.emplace_back(
        "An application that asks whether the row is new (created=True) is told so for an existing "
        "row.");
    cautions.emplace_back("UPDATE triggers of the table fire for the row that was there.");
  } else {
    cautions.emplace_back("BEFORE INSERT triggers run also for rows that are skipped.");
    if (constraint.returns_rows) {
      cautions.emplace_back("Rows that are skipped are missing from RETURNING.");
    }
  }
}

void advise_upsert(Suggestion& suggestion, const Case& constraint) {
  if (suggestion.kind == "exclusion" || !constraint.returns_rows) {
    advise(suggestion, Verdict::DoNothing,
           "The row is there already: skip the second one. Observe first, then enforce.");
  } else {
    advise(suggestion, Verdict::ReturnExisting,
           "The row is there already and the statement asks for its columns: hand out the row that "
           "is there. Observe first, then enforce.");
  }
  suggestion.yaml = policy_yaml(suggestion);
  add_cautions(suggestion, constraint);
}

Suggestion suggestion_for(const Case& constraint) {
  Suggestion suggestion;
  const IncidentGroup& sum = constraint.sum;
  suggestion.database = sum.database;
  suggestion.schema = sum.violation.schema;
  suggestion.table = sum.violation.table;
  suggestion.constraint = sum.violation.constraint;
  suggestion.kind = sum.violation.kind;
  suggestion.count = sum.count;
  suggestion.evidence = evidence_of(constraint);
  const double by_rows =
      statement_share(constraint, "insert") + statement_share(constraint, "copy");
  const double explained = cause_share(constraint, Cause::Race) +
                           cause_share(constraint, Cause::RepeatedImport) +
                           cause_share(constraint, Cause::RepeatedWrite);
  if (advise_by_kind(suggestion) || advise_drift(suggestion, constraint)) return suggestion;
  if (suggestion.constraint == "unknown") {
    advise(suggestion, Verdict::NoUpsert,
           "The server names no constraint: a function raised the error itself.");
  } else if (by_rows < 0.5) {
    advise(suggestion, Verdict::NoUpsert,
           "A row is changed to a value that another row has. Validate it, or tell the user; "
           "dropping the change would hide it.");
  } else if (recovered_share(constraint) >= 0.9) {
    advise(suggestion, Verdict::Handled,
           "The application expects it: it returns to a savepoint and goes on. Leave it alone.");
  } else if (explained < 0.5) {
    advise(
        suggestion, Verdict::Ambiguous,
        "Nothing in the traffic tells why. Look at the statement: are two different things given "
        "the same key, or is one thing written twice?");
  } else {
    advise_upsert(suggestion, constraint);
  }
  return suggestion;
}

}  // namespace

std::string_view label(Verdict verdict) {
  switch (verdict) {
    case Verdict::DoNothing:
      return "do_nothing";
    case Verdict::ReturnExisting:
      return "return_existing";
    case Verdict::RepairSequence:
      return "repair_sequence";
    case Verdict::Handled:
      return "handled";
    case Verdict::NoUpsert:
      return "no_upsert";
    case Verdict::Ambiguous:
      return "ambiguous";
  }
  return "ambiguous";
}

std::vector<Suggestion> suggestions(const std::vector<metrics::IncidentGroup>& groups) {
  std::vector<Suggestion> list;
  for (const Case& constraint : by_constraint(groups)) list.push_back(suggestion_for(constraint));
  return list;
}

}  // namespace pgconcord::admin
