// Which statement a violation belongs to, what the session saw around it, and how it ended: for
// metrics::Incidents. Statements that succeed pay for a copy of a write's text or a hash of its
// parameters, nothing else.
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "metrics/application_name.h"
#include "parser/statement_text.h"
#include "proxy/limits.h"
#include "proxy/session/command_facts.h"
#include "proxy/session/conversation.h"
#include "proxy/session/violated_key.h"

namespace pgconcord::session {

using parser::Command;

namespace {

// Violations of one transaction whose end is awaited; with savepoints there may be many.
constexpr std::size_t kOpenIncidentsMax = 64;

// What stands between the key's names in IncidentGroup::key_columns.
std::string joined(const std::vector<std::string>& columns) {
  std::string text;
  for (const std::string& column : columns) text += (text.empty() ? "" : ", ") + column;
  return text;
}

}  // namespace

// The writes whose violation is worth explaining.
bool is_write(Command command) {
  return facts_of(command).write != metrics::WriteKind::Other || command == Command::Merge ||
         command == Command::Execute;
}

std::uint32_t Conversation::session_number() const {
  const auto folded = static_cast<std::uint32_t>(id_ ^ (id_ >> 32));
  return folded == 0 ? 1 : folded;
}

// A Query with a write goes out.
void Conversation::note_write(std::string_view sql) {
  if (!last_write_) last_write_ = std::make_unique<LastWrite>();
  last_write_->text.assign(sql.substr(0, kExplainedTextMax + 1));
  note_same_write(XXH3_64bits(sql.data(), sql.size()));
}

// A Bind of an INSERT goes out; `rest` is its body behind the names.
void Conversation::note_bound_write(const ClientStatement& statement, std::string_view rest) {
  if (!last_write_) last_write_ = std::make_unique<LastWrite>();
  const std::uint64_t text = XXH3_64bits(statement.excerpt.data(), statement.excerpt.size());
  note_same_write(XXH3_64bits_withSeed(rest.data(), rest.size(), text));
}

void Conversation::note_same_write(std::uint64_t hash) {
  last_write_->same = env.incidents.recent_writes().note(hash, session_number(), env.now);
}

// The text of the statement that `head` stands for; empty when it is not known.
std::string_view Conversation::violated_text(const Expected& head) const {
  std::string_view text;
  if (head.write) {
    text = head.write->sql.empty() ? head.write->excerpt : head.write->sql;
  } else if (head.detail && head.detail->statement) {
    text = head.detail->statement->sql;
  } else if (!head.extended && last_write_ && queue_.size() == 1) {
    text = last_write_->text;
  }
  return text.size() > kExplainedTextMax ? std::string_view() : text;
}

void Conversation::explain_violation(const metrics::Violation& violation,
                                     const wire::ErrorResponse& error, std::string_view sql,
                                     Command command) {
  const bool is_raised = error.routine == "exec_stmt_raise";
  const ViolatedKey key =
      is_raised ? ViolatedKey{} : violated_key(error.detail, env.incidents.hash_seed());
  metrics::Evidence evidence;
  evidence.session = session_number();
  evidence.now = env.now;
  evidence.statement = facts_of(command).write;
  evidence.key_hash = key.hash;
  evidence.checked_first = checked_first_;
  if (last_write_) evidence.same_write = last_write_->same;
  const policies::Table* table = nullptr;
  if (scope_ && scope_->catalog()) {
    table = scope_->catalog()->find(violation.schema, violation.table);
  }
  const bool is_readable = !sql.empty() && lexing_safe();
  metrics::TemplateId statement;
  if (is_readable) statement = read_violated(sql, key.columns, table, evidence);
  std::string name = is_readable ? parser::commented_application(sql) : std::string();
  if (name.empty()) name = application;
  name = metrics::application_label(name);
  const std::string columns = joined(key.columns);
  const std::string sequence = key_sequence(key.columns, table);
  const auto recorded =
      env.incidents.record({database, name, violation, statement, columns, sequence, evidence});
  if (recorded.wants_text && is_readable) {
    env.incidents.describe(recorded.group,
                           parser::text_without_values(sql, metrics::Incidents::kTextMax));
  }
  accounts().explained(*cells_, violation, recorded.cause, name);
  if (recorded.cause == metrics::Cause::SequenceDrift) {
    accounts().sequence_drift(*cells_, violation, sequence);
  }
  if (open_incidents_.size() < kOpenIncidentsMax) {
    open_incidents_.push_back({violation, recorded.group, status_ == 'I'});
  }
}

// What the statement itself says of the key; its template.
metrics::TemplateId Conversation::read_violated(std::string_view sql,
                                                const std::vector<std::string>& key,
                                                const policies::Table* table,
                                                metrics::Evidence& evidence) {
  parser::Outline& outline = work().outline;
  parser::outline(sql, outline);
  if (outline.statements.size() == 1) {
    evidence.rows = outline.statements[0].value_rows;
    if (evidence.statement == metrics::WriteKind::Insert && !key.empty()) {
      const policies::ShapeRef shape = env.plans.shape(sql, outline);
      const bool is_insert = shape->statements.size() == 1 &&
                             std::holds_alternative<parser::Insert>(shape->statements[0]);
      if (is_insert) {
        evidence.key_source =
            key_source(std::get<parser::Insert>(shape->statements[0]), key, table);
      }
    }
  }
  return {outline.key.high, outline.key.low};
}

// At a ReadyForQuery: E = the transaction waits for its end; T = it went on after ROLLBACK TO.
void Conversation::settle_incidents() {
  if (status_ == 'E') return;
  for (const OpenIncident& incident : open_incidents_) {
    metrics::Outcome outcome = metrics::Outcome::RolledBack;
    if (status_ == 'T') outcome = metrics::Outcome::Recovered;
    if (status_ == 'I' && incident.in_autocommit) outcome = metrics::Outcome::Autocommit;
    end_incident(incident, outcome);
  }
  open_incidents_.clear();
}

// The transaction they belong to is over, whatever its status says next (COMMIT AND CHAIN).
void Conversation::abandon_incidents() {
  for (const OpenIncident& incident : open_incidents_) {
    end_incident(incident, metrics::Outcome::RolledBack);
  }
  open_incidents_.clear();
}

void Conversation::end_incident(const OpenIncident& incident, metrics::Outcome outcome) {
  accounts().outcome(*cells_, incident.violation, outcome);
  env.incidents.ended(incident.group, outcome);
}

}  // namespace pgconcord::session
