// on_violation inside a transaction block: a candidate that stands alone between two
// ReadyForQuery goes between a SAVEPOINT and a RELEASE of ours, all in one flight (protocol.md 5.9
// to 5.14). For a Query they are Queries, which destroy nothing the client's own Query does not
// destroy anyway; in the extended protocol they use names of ours and stand before the client's
// Sync (5.1).
#include <array>
#include <string>

#include "proxy/limits.h"
#include "proxy/session/conversation.h"

namespace pgconcord::session {
namespace {

using parser::Command;
using policies::Reason;

constexpr std::string_view kName = "__pgconcord_savepoint";
constexpr std::array<std::string_view, 3> kTexts = {
    "/* pgconcord */ SAVEPOINT __pgconcord_savepoint",
    "/* pgconcord */ ROLLBACK TO SAVEPOINT __pgconcord_savepoint",
    "/* pgconcord */ RELEASE SAVEPOINT __pgconcord_savepoint"};
constexpr std::array kReplies = {Reply::Close, Reply::Parse, Reply::Bind, Reply::Execute,
                                 Reply::Close};

std::string extended_messages(std::string_view sql) {
  return wire::make_close_statement(kName) +
         wire::make_parse(kName, sql, std::string_view("\0\0", 2)) +
         wire::make_bind_without_values(kName, kName) + wire::make_execute(kName) +
         wire::make_close_portal(kName);
}

}  // namespace

bool Conversation::alone_in_block() const {
  return status_ == 'T' && queue_.empty() && readies_due_ == 0 && !batch_open_;
}

// The same, but for the batch's own Parse and Describe.
bool Conversation::block_batch_stands_alone() const {
  return status_ == 'T' && readies_due_ == 0 && !batch_executed_;
}

// Rewrite: a savepoint is worth its price, because a violation of the statement could be cured.
Conversation::Verdict Conversation::savepoint_verdict(std::string_view sql) {
  if (!scope_->has_on_violation() || !lexing_safe()) return Verdict::Forward;
  parser::Outline& outline = work().outline;
  parser::outline(sql, outline);
  const policies::ShapeRef shape = env.plans.shape(sql, outline);
  if (shape->reason != Reason::None || shape->statements.size() != 1 ||
      outline.statements.size() != 1) {
    return Verdict::Forward;
  }
  const parser::RelationName* table = parser::written_table(shape->statements[0]);
  if (table == nullptr || !scope_->guards_table(table->name)) return Verdict::Forward;
  if (!catalog_ready()) return Verdict::Blocked;
  if (!may_be_cured(sql, *table)) return Verdict::Forward;
  if (savepoints_ >= kSavepointsMax) {
    accounts().savepoint(*cells_, "over_budget");
    return Verdict::Forward;
  }
  return Verdict::Rewrite;
}

// Would a policy that says `on_violation` cure the violation of any constraint of that table?
bool Conversation::may_be_cured(std::string_view sql, const parser::RelationName& name) {
  if (!scope_->catalog()) return false;
  for (const policies::Table& table : scope_->catalog()->tables()) {
    const bool is_meant =
        table.name == name.name && (name.schema.empty() || name.schema == table.schema);
    if (!is_meant) continue;
    for (const policies::UniqueIndex& index : table.indexes) {
      policies::Situation situation = situation_of(table.schema, table.name, index.name);
      situation.guarded = guard_.covers(name.name);
      const policies::PlanRef plan = env.plans.plan(sql, work().outline, 0, situation);
      const policies::Policy* policy = plan->decision.policy;
      if (policy != nullptr && policy->apply == policies::Apply::OnViolation &&
          policy->mode == policies::Mode::Enforce && plan->decision.reason == Reason::None) {
        return true;
      }
    }
    return false;  // of tenants' tables of that name one speaks for all
  }
  return false;
}

void Conversation::send_guarded_query(std::string_view sql, Expected& expected) {
  armed_replay(sql, expected.command).savepoint = true;
  expected.armed = true;
  expected.ready_hidden = true;
  statements_.forget("");
  portals_.forget("");
  ++savepoints_;
  ++readies_due_;
  send_control(Control::Set);
  queue_.push(std::move(expected));
  actions->to_server.append(wire::make_query(sql));
  send_control(Control::Release);
}

void Conversation::send_control(Control control) {
  const std::string_view sql = kTexts.at(static_cast<std::size_t>(control));
  const bool again = replay_->state == Replay::State::Running;
  if (!replay_->extended) {
    Expected query{Reply::Query, Origin::Inserted, Command::Savepoint, false};
    query.ready_hidden = control != Control::Release;
    query.replayed = again;
    queue_.push(std::move(query));
    actions->to_server.append(wire::make_query(sql));
    return;
  }
  for (const Reply reply : kReplies) {
    queue_.push({reply, Origin::Inserted, Command::Savepoint, true});
    queue_.back().replayed = again;
  }
  actions->to_server.append(extended_messages(sql));
}

// Only where they are Queries of ours: in the extended protocol an error of theirs is the batch's.
void Conversation::control_error(const wire::Frame& frame, const wire::ErrorResponse& error) {
  drop_server_rest_ = true;
  if (queue_.front().ready_hidden) {
    // The client's own statement comes next and hears of it instead of 25P02 (3.6).
    if (frame.complete()) block_error_ = frame.raw;
    return;
  }
  if (queue_.front().tells_no_rows && replay_failed(error)) {
    block_error_.clear();  // the violation says what became of the statement
    return;
  }
  if (error.sqlstate == "25P02") return;  // the RELEASE behind a statement that failed
  drop_server_rest_ = false;
  accounts().error(*cells_, error.sqlstate);
  to_client(frame);
}

}  // namespace pgconcord::session
