#include "proxy/session/accounts.h"

#include <chrono>

#include "policies/reason.h"

namespace pgconcord::session {
namespace {

using metrics::Metric;
using parser::Command;

constexpr std::array<std::string_view, DatabaseCells::kCommands> kCommandLabels = {
    "insert", "update", "delete", "select", "copy", "other"};

StatementKind kind_of(std::string_view tag) {
  if (tag == "SELECT") return StatementKind::Select;
  if (tag == "INSERT") return StatementKind::Insert;
  if (tag == "UPDATE") return StatementKind::Update;
  if (tag == "DELETE") return StatementKind::Delete;
  return tag == "COPY" ? StatementKind::Copy : StatementKind::Other;
}

}  // namespace

Accounts::Accounts(metrics::Shard& shard)
    : received_client(shard.cell(Metric::ReceivedBytes, {"client"})),
      received_server(shard.cell(Metric::ReceivedBytes, {"server"})),
      sent_client(shard.cell(Metric::SentBytes, {"client"})),
      sent_server(shard.cell(Metric::SentBytes, {"server"})),
      sessions_starting(shard.cell(Metric::ClientConnections, {"starting"})),
      sessions_open(shard.cell(Metric::ClientConnections, {"open"})),
      shard_(shard) {}

DatabaseCells& Accounts::database(std::string_view name) {
  const auto found = databases_.find(name);
  if (found != databases_.end()) return *found->second;
  auto cells = std::make_unique<DatabaseCells>();
  cells->database = name;
  return *databases_.emplace(std::string(name), std::move(cells)).first->second;
}

void Accounts::connected(std::string_view database, std::string_view tls) {
  shard_.cell(Metric::ClientConnectionsTotal, {database, tls}).add();
}

void Accounts::connection_failed(std::string_view reason) {
  shard_.cell(Metric::ClientConnectionFailures, {reason}).add();
}

StatementKind Accounts::statement(DatabaseCells& cells, std::string_view tag_command,
                                  bool extended) {
  const StatementKind kind = kind_of(tag_command);
  const auto slot = static_cast<std::size_t>(kind);
  metrics::Cell*& cell = cells.statements[slot][extended ? 1 : 0];
  if (cell == nullptr) {
    cell = &shard_.cell(Metric::Statements,
                        {cells.database, kCommandLabels[slot], extended ? "extended" : "simple"});
  }
  cell->add();
  return kind;
}

void Accounts::error(const DatabaseCells& cells, std::string_view sqlstate) {
  const std::string_view state_class = sqlstate.size() == 5 ? sqlstate.substr(0, 2) : "??";
  shard_.cell(Metric::Errors, {cells.database, state_class}).add();
}

void Accounts::violation(const DatabaseCells& cells, const metrics::Violation& violation) {
  shard_
      .cell(Metric::ConstraintViolations,
            {cells.database, violation.schema, violation.table, violation.constraint,
             violation.kind, violation.statement})
      .add();
}

void Accounts::explained(const DatabaseCells& cells, const metrics::Violation& violation,
                         metrics::Cause cause, std::string_view application) {
  shard_
      .cell(Metric::ViolationCauses, {cells.database, violation.schema, violation.table,
                                      violation.constraint, metrics::label(cause)})
      .add();
  shard_.cell(Metric::ApplicationViolations, {cells.database, application, violation.kind}).add();
}

void Accounts::outcome(const DatabaseCells& cells, const metrics::Violation& violation,
                       metrics::Outcome outcome) {
  shard_
      .cell(Metric::ViolationOutcomes, {cells.database, violation.schema, violation.table,
                                        violation.constraint, metrics::label(outcome)})
      .add();
}

void Accounts::sequence_drift(const DatabaseCells& cells, const metrics::Violation& violation,
                              std::string_view sequence) {
  shard_
      .cell(Metric::SequenceDrift, {cells.database, violation.schema, violation.table,
                                    sequence.empty() ? "unknown" : sequence})
      .add();
}

void Accounts::left_alone(const policies::Policy& policy, policies::Reason reason) {
  shard_.cell(Metric::LeftAlone, {policy.name, policies::label(reason)}).add();
}

void Accounts::rewrite(const DatabaseCells& cells, const policies::Decision& decision,
                       std::string_view result) {
  shard_
      .cell(Metric::Rewrites,
            {decision.policy->name, cells.database, decision.schema, decision.table_name, result})
      .add();
}

void Accounts::absorbed(const DatabaseCells& cells, const policies::Decision& decision,
                        std::string_view apply, std::uint64_t count) {
  shard_
      .cell(Metric::ConflictsAbsorbed, {decision.policy->name, cells.database, decision.schema,
                                        decision.table_name, decision.constraint, apply})
      .add(static_cast<double>(count));
}

void Accounts::rewrite_error(const policies::Policy& policy, std::string_view sqlstate) {
  shard_.cell(Metric::RewriteErrors, {policy.name, sqlstate}).add();
}

void Accounts::parse_failure(policies::Reason reason) {
  shard_.cell(Metric::ParseFailures, {policies::label(reason)}).add();
}

void Accounts::savepoint(const DatabaseCells& cells, std::string_view result) {
  shard_.cell(Metric::Savepoints, {cells.database, result}).add();
}

void Accounts::catalog_refresh(const DatabaseCells& cells, std::string_view result) {
  shard_.cell(Metric::CatalogRefreshes, {cells.database, result}).add();
  if (result != "success") return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  shard_.cell(Metric::CatalogLastRefresh, {cells.database})
      .set(std::chrono::duration<double>(now).count());
}

}  // namespace pgconcord::session
