// Errors of rewritten statements. As the client sees them they are about its own text; what only
// the rewriting can have caused suspends the policy, and where nothing else depends on it the
// client's own statement is sent after all, so that it sees no error (I9, rewrite.md 0.3, A22,
// A23).
#include <algorithm>
#include <array>
#include <utility>

#include "proxy/session/conversation.h"

namespace pgconcord::session {
namespace {

using parser::Command;
using policies::Reason;

std::string hint_of(const policies::Decision& decision) {
  return "The statement was rewritten by pgconcord's policy \"" + decision.policy->name +
         "\", which is suspended from now on for this table and role. Repeat the transaction, and "
         "it is sent as it is. What does not fit is told by `pgconcord check --connect`.";
}

}  // namespace

// Errors that an added ON CONFLICT can raise in a statement that had none (rewrite.md section 0).
bool Conversation::may_come_from_clause(std::string_view sqlstate) {
  constexpr std::array<std::string_view, 13> kStates = {"42P10", "42501", "55000", "0A000", "42704",
                                                        "42703", "42P01", "42702", "42P09", "42809",
                                                        "428C9", "XX000", "21000"};
  return std::find(kStates.begin(), kStates.end(), sqlstate) != kStates.end();
}

void Conversation::suspend(const policies::Decision& decision, std::string_view sqlstate) {
  accounts().rewrite_error(*decision.policy, sqlstate);
  const std::string role = scope_ && scope_->catalog() ? scope_->catalog()->role() : user;
  env.suspensions.add(
      {decision.policy->name, decision.schema, decision.table_name, role, std::string(sqlstate)});
  if (sqlstate == "42P10") env.catalogs.mark_stale(database);
}

// Up front the original's own error is not known: what points into the clause, or names what only a
// clause does, is ours.
bool Conversation::caused_by_rewrite(const wire::ErrorResponse& error,
                                     const Rewritten& part) const {
  if (!may_come_from_clause(error.sqlstate) || !error.where.empty()) return false;
  if (error.sqlstate == "42P10") return true;
  const bool names_something = error.sqlstate == "42703" || error.sqlstate == "42702" ||
                               error.sqlstate == "42P01" || error.sqlstate == "42704";
  // Its columns and its table are the catalog's; a name that is not there is the client's own.
  if (part.plan->decision.remedy == policies::Remedy::InsertForm && names_something) return false;
  if (error.sqlstate == "21000") return error.routine.starts_with("ExecOnConflict");
  if (error.position != 0) {
    const std::uint32_t at = error.position - 1;
    return at >= part.edit_begin && at < part.edit_begin + part.edit_length;
  }
  return error.sqlstate != "42703" && error.sqlstate != "42702" && error.sqlstate != "42P01";
}

// The position points into the client's text: added clauses are taken out, a position inside one is
// left out (4.14, A23).
std::string Conversation::position_mapped(const wire::Frame& frame, std::uint32_t position,
                                          const ReplyDetail& detail) {
  const std::uint32_t at = position - 1;
  for (const Rewritten& part : detail.rewritten) {
    if (at < part.edit_begin) break;
    if (at < part.edit_begin + part.edit_length) return wire::with_position(frame.raw, 0);
    position = position - part.edit_length + part.edit_removed;
  }
  return wire::with_position(frame.raw, position);
}

std::string Conversation::error_of_rewritten(const wire::Frame& frame,
                                             const wire::ErrorResponse& error,
                                             const Expected& head) {
  const ReplyDetail& detail = *head.detail;
  std::string raw(frame.raw);
  // It says which prepared statement takes how many parameters: the client's, not ours.
  if (head.reply == Reply::Bind && error.sqlstate == "08P01") {
    raw = wire::with_name(raw, kRewrittenStatement, detail.name);
  }
  if (error.position != 0) raw = position_mapped(frame, error.position, detail);
  const Rewritten* part = detail.current();
  if (part == nullptr || !caused_by_rewrite(error, *part)) return raw;
  return wire::with_hint(raw, hint_of(part->plan->decision));
}

// A statement that is rewritten before it is sent, and stands alone in autocommit: should that
// fail, the transaction is gone with it, and the client's own can be sent in its place.
void Conversation::keep_original(policies::PlanRef plan) {
  replay_->original = true;
  replay_->plan = std::move(plan);
}

bool Conversation::keeps_original() const {
  return replay_ && replay_->original && replay_->state == Replay::State::Armed &&
         !replay_->overtaken;
}

// True when the client hears nothing of the error for now.
bool Conversation::hold_error(const wire::Frame& frame, const wire::ErrorResponse& error,
                              const Expected& head) {
  if (!replay_->original) return hold_violation(frame, error);
  const Rewritten* part = head.detail ? head.detail->current() : nullptr;
  if (part == nullptr || !frame.complete() || !keeps_original() ||
      !caused_by_rewrite(error, *part)) {
    return false;
  }
  suspend(part->plan->decision, error.sqlstate);
  accounts().left_alone(*part->plan->decision.policy, Reason::Suspended);
  replay_->error = error_of_rewritten(frame, error, head);
  replay_->answered_before = head.reply == Reply::Execute ? replay_->execute_index : 0;
  replay_->state = Replay::State::Held;
  if (replay_->flushed) replay_behind_flush();
  return true;
}

void Conversation::send_original() {
  const auto text = std::make_shared<const ClientStatement>(
      ClientStatement{replay_->command, false, false, replay_->sql, {}, {}});
  if (replay_->extended) return send_original_group(text);
  Expected query{Reply::Query, Origin::Client, replay_->command, false};
  query.replayed = true;
  query.detail = std::make_unique<ReplyDetail>();
  query.detail->statement = text;
  queue_.push(std::move(query));
  actions->to_server.append(wire::make_query(replay_->sql));
}

// The portal is bound to the client's own statement, which it never stopped being at the server.
// Of its messages the client has the answers to those before the one that failed.
void Conversation::send_original_group(const StatementRef& text) {
  const auto names = wire::bind_names(replay_->bind);
  auto expect_next = [&, index = std::size_t{0}](Reply reply) mutable -> Expected& {
    const bool seen = index++ < replay_->answered_before;
    return expect_again(reply, seen ? Origin::Inserted : Origin::Client);
  };
  take_rewritten(names->portal);
  expect_next(Reply::Bind);
  for (const Reply reply : replay_->answers) {
    Expected& expected = expect_next(reply);
    if (reply != Reply::Execute) continue;
    expected.detail = std::make_unique<ReplyDetail>();
    expected.detail->statement = text;
  }
  Outbox& out = actions->to_server;
  out.append(wire::make_bind_start(names->portal, names->statement,
                                   static_cast<std::uint32_t>(replay_->bind.size()), *names));
  out.append(std::string_view(replay_->bind).substr(names->size));
  out.append(replay_->execute);
  end_extended_replay();
}

}  // namespace pgconcord::session
