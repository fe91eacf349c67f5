// A candidate in the extended protocol: its Bind, Describe and Execute are held until it is known
// whether they stand alone before the Sync; a rewritten statement is bound under a name of ours.
#include <utility>

#include "parser/edit.h"
#include "proxy/limits.h"
#include "proxy/session/conversation.h"

namespace pgconcord::session {
namespace {

using parser::Command;
using policies::Reason;

}  // namespace

bool Conversation::is_candidate(const ClientStatement& statement) const {
  const bool writes = statement.command == Command::Insert ||
                      (statement.command == Command::Update && scope_->has_updates());
  return writes && !statement.sql.empty();
}

// Types and NULLs of a Bind may be what a key cannot be inserted from. `bind` may be a prefix:
// parameters that are not there do not fit.
void Conversation::check_parameters(const ClientStatement& statement, std::string_view bind,
                                    UpFront& up_front) {
  if (up_front.verdict != Verdict::Rewrite) return;
  const policies::Decision& decision = up_front.plans.front().second->decision;
  if (decision.key_checks.empty()) return;
  const std::vector<std::uint32_t> types = wire::parameter_types(statement.parameter_types);
  std::vector<policies::BoundParameter> parameters;
  for (const bool is_null : wire::null_parameters(bind)) {
    const std::size_t at = parameters.size();
    parameters.push_back({at < types.size() ? types[at] : 0, is_null});
  }
  if (policies::parameters_fit(decision.key_checks, parameters)) return;
  accounts().left_alone(*decision.policy, Reason::UpdateType);
  up_front = {};
}

void Conversation::hold_bind(const wire::Frame& frame, const StatementRef& statement,
                             std::string_view portal) {
  group_ = std::make_unique<Group>();
  group_->bytes = frame.raw;
  group_->replies.push_back(Reply::Bind);
  group_->statement = statement;
  group_->portal = wire::significant(portal);
  group_->bind = frame.body;
}

// Is it worth holding a Bind until it is known whether it stands alone? In a block only for a
// savepoint.
bool Conversation::holds_binds() const {
  return alone_in_batch() || (scope_->has_on_violation() && block_batch_stands_alone());
}

// What belongs to the held execution joins the group; anything else ends it.
bool Conversation::group_takes(const wire::Frame& frame) {
  if (group_->replies.size() >= kGroupMax || !frame.complete()) return false;
  const std::optional<Reply> reply = reply_in_group(frame);
  if (!reply) return false;
  if (*reply == Reply::Execute) {
    group_->execute_at = group_->bytes.size();
    group_->execute_index = group_->replies.size();
  }
  group_->replies.push_back(*reply);
  group_->bytes.append(frame.raw);
  return true;
}

std::optional<Reply> Conversation::reply_in_group(const wire::Frame& frame) {
  const bool executed = group_->execute_at != 0;
  if (frame.type == 'E') {
    const auto message = wire::execute_message(frame.body);
    const bool own = message && wire::significant(message->portal) == group_->portal;
    return own && !executed ? std::optional(Reply::Execute) : std::nullopt;
  }
  const bool names = frame.type == 'D' || (frame.type == 'C' && executed);
  const auto object = names ? wire::named_object(frame.body) : std::nullopt;
  if (!object) return std::nullopt;
  const bool is_portal = object->kind == 'P';
  if (is_portal && wire::significant(object->name) != group_->portal) return std::nullopt;
  if (frame.type == 'D') return is_portal ? Reply::DescribePortal : Reply::DescribeStatement;
  is_portal ? portals_.forget(object->name) : remember_statement(object->name, nullptr);
  return Reply::Close;
}

// `next`: the type of the message that ends it.
bool Conversation::end_group(char next) {
  const bool complete = (next == 'S' || next == 'H') && group_->execute_at != 0;
  const bool stands_alone = complete && status_ == 'I';
  const std::string_view sql = group_->statement->sql;
  const Command command = group_->statement->command;
  const bool answerable = may_be_answered(command);
  const bool may_wait = stands_alone && answerable;
  UpFront up_front;
  if (!may_wait || scope_->has_up_front()) {
    up_front = plan_up_front(sql, when_to_plan(command, may_wait));
    if (up_front.verdict == Verdict::Blocked) return false;
  }
  const bool sent_as_it_is = up_front.verdict == Verdict::Forward;
  Verdict savepoint = Verdict::Forward;
  if (complete && sent_as_it_is && status_ == 'T' && answerable) savepoint = savepoint_verdict(sql);
  if (savepoint == Verdict::Blocked) return false;
  look_up_failed_ = false;
  check_parameters(*group_->statement, group_->bind, up_front);
  const bool rewrites = up_front.verdict == Verdict::Rewrite;
  const bool armed =
      (may_wait && sent_as_it_is) || savepoint == Verdict::Rewrite || (rewrites && stands_alone);
  if (armed) arm_group(next, rewrites ? &up_front : nullptr);
  if (rewrites) {
    redirect_bind(up_front, *group_->statement, group_->bind,
                  static_cast<std::uint32_t>(group_->bind.size()));
    group_->bytes.erase(0, 5 + group_->bind.size());
    group_->replies.erase(group_->replies.begin());
  }
  if (savepoint == Verdict::Rewrite) {
    replay_->savepoint = true;
    ++savepoints_;
    send_control(Control::Set);
  }
  flush_group(armed);
  if (savepoint == Verdict::Rewrite) send_control(Control::Release);
  return true;
}

// `up_front`: it is not sent as it came.
void Conversation::arm_group(char next, const UpFront* up_front) {
  Replay& replay = armed_replay(group_->statement->sql, group_->statement->command);
  replay.extended = true;
  replay.flushed = next == 'H';
  replay.parameter_types = group_->statement->parameter_types;
  replay.bind = group_->bind;
  replay.execute_index = group_->execute_index;
  const std::size_t first = up_front != nullptr ? 1 : group_->execute_index;
  const std::size_t begin = up_front != nullptr ? 5 + group_->bind.size() : group_->execute_at;
  replay.execute = group_->bytes.substr(begin);
  replay.answers.assign(group_->replies.begin() + static_cast<std::ptrdiff_t>(first),
                        group_->replies.end());
  if (up_front != nullptr) keep_original(up_front->plans.front().second);
}

void Conversation::flush_group(bool armed) {
  const std::unique_ptr<Group> group = std::move(group_);
  drop_client_rest_ = false;
  batch_open_ = true;
  for (const Reply reply : group->replies) {
    Expected expected{reply, Origin::Client, Command::Other, true};
    if (reply == Reply::Execute) {
      expected.command = group->statement->command;
      expected.armed = armed;
      expected.detail = executed_rewritten(group->portal);
      if (!expected.detail && !armed) {
        expected.detail = std::make_unique<ReplyDetail>();
        expected.detail->statement = group->statement;
        expected.detail->guarded = guards(group->statement->sql);
      }
      note_effects(*group->statement);
      guard_.other();
      batch_executed_ = true;
    }
    expect(std::move(expected));
  }
  actions->to_server.append(group->bytes);
}

bool Conversation::bind_in_pipeline(const wire::Frame& frame, const wire::BindNames& names,
                                    const StatementRef& statement) {
  const bool too_large = holds_binds();
  const bool may_stand_alone = alone_in_batch();
  UpFront up_front;
  if (!may_stand_alone || scope_->has_up_front()) {
    up_front = plan_up_front(statement->sql, may_stand_alone ? When::OnlyExplicit : When::Always);
  }
  if (up_front.verdict == Verdict::Blocked) return false;
  look_up_failed_ = false;
  check_parameters(*statement, frame.raw.substr(5), up_front);
  if (up_front.verdict == Verdict::Rewrite) {
    redirect_bind(up_front, *statement, frame.raw.substr(5), frame.length);
    return true;
  }
  if (too_large) {
    auto detail = std::make_unique<ReplyDetail>();
    detail->statement = statement;
    detail->refusal = Reason::ReplayTooLarge;
    rewritten_.emplace_back(wire::significant(names.portal), std::move(detail));
  }
  batch_open_ = true;
  expect({Reply::Bind, Origin::Client, Command::Other, true});
  to_server(frame);
  return true;
}

// Parses the rewritten text under our own name and binds the client's portal to it. `body` may be a
// prefix of the Bind's body of `length` bytes: the rest streams behind it.
void Conversation::redirect_bind(const UpFront& up_front, const ClientStatement& statement,
                                 std::string_view body, std::uint32_t length) {
  const auto names = wire::bind_names(body);
  std::string edited;
  const std::vector<Rewritten> parts = edit_text(up_front, statement.sql, edited);
  const auto with_parts = [&parts, &names] {
    auto detail = std::make_unique<ReplyDetail>();
    detail->rewritten = parts;
    detail->name = wire::significant(names->portal);
    return detail;
  };
  const auto expect_part = [&](Reply reply, Origin origin) {
    // An error of the added clause comes at Parse or Bind (A22): each knows what it belongs to.
    Expected part{reply, origin, Command::Other, true};
    part.detail = with_parts();
    part.armed = group_ && keeps_original();
    if (reply == Reply::Bind) part.detail->name = wire::significant(names->statement);
    expect(std::move(part));
  };
  drop_client_rest_ = false;
  batch_open_ = true;
  expect({Reply::Close, Origin::Inserted, Command::Other, true});
  expect_part(Reply::Parse, Origin::Inserted);
  expect_part(Reply::Bind, Origin::Client);
  rewritten_.emplace_back(wire::significant(names->portal), with_parts());
  actions->to_server.append(wire::make_close_statement(kRewrittenStatement));
  actions->to_server.append(
      wire::make_parse(kRewrittenStatement, edited, statement.parameter_types));
  actions->to_server.append(
      wire::make_bind_start(names->portal, kRewrittenStatement, length, *names));
  actions->to_server.append(body.substr(names->size));
}

// Of a portal that is executed; the same stands for a second Execute before the Sync, which ends a
// statement that was counted with the first.
std::unique_ptr<ReplyDetail> Conversation::executed_rewritten(std::string_view portal) {
  std::unique_ptr<ReplyDetail> detail = take_rewritten(portal);
  if (!detail) return nullptr;
  auto again = std::make_unique<ReplyDetail>(*detail);
  again->resumed = true;
  rewritten_.emplace_back(wire::significant(portal), std::move(again));
  return detail;
}

std::unique_ptr<ReplyDetail> Conversation::take_rewritten(std::string_view portal) {
  const std::string_view name = wire::significant(portal);
  for (auto it = rewritten_.begin(); it != rewritten_.end(); ++it) {
    if (it->first != name) continue;
    std::unique_ptr<ReplyDetail> detail = std::move(it->second);
    rewritten_.erase(it);
    return detail;
  }
  return nullptr;
}

}  // namespace pgconcord::session
