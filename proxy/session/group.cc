// A candidate in the extended protocol: its Bind, Describe and Execute are held until it is known
// whether they stand alone before the Sync; a rewritten statement is bound under a name of ours.
#include <utility>

#include "parser/edit.h"
#include "proxy/session/conversation.h"

namespace pgconcord::session {
namespace {

using parser::Command;
using policies::Reason;

// Parsed anew each time it is bound (5.6).
constexpr std::string_view kRewrittenStatement = "__pgconcord_rewritten";

}  // namespace

void Conversation::hold_bind(const wire::Frame& frame, const StatementRef& statement,
                             std::string_view portal) {
  group_ = std::make_unique<Group>();
  group_->bytes = frame.raw;
  group_->replies.push_back(Reply::Bind);
  group_->statement = statement;
  group_->portal = wire::significant(portal);
  group_->bind = frame.body;
}

// Describe and Execute of the held portal join the group; anything else ends it.
bool Conversation::group_takes(const wire::Frame& frame) {
  if (frame.type == 'D' && group_->execute.empty()) {
    const auto object = wire::named_object(frame.body);
    if (!object || object->kind != 'P' || wire::significant(object->name) != group_->portal)
      return false;
    group_->replies.push_back(Reply::DescribePortal);
  } else if (frame.type == 'E' && group_->execute.empty()) {
    const auto message = wire::execute_message(frame.body);
    if (!message || wire::significant(message->portal) != group_->portal) return false;
    group_->replies.push_back(Reply::Execute);
    group_->execute = frame.raw;
  } else {
    return false;
  }
  group_->bytes.append(frame.raw);
  return true;
}

bool Conversation::end_group(bool with_sync) {
  const bool stands_alone = with_sync && !group_->execute.empty();
  const std::string_view sql = group_->statement->sql;
  UpFront up_front;
  if (!stands_alone || scope_->has_up_front()) {
    up_front = plan_up_front(sql, stands_alone ? When::OnlyExplicit : When::Always);
    if (up_front.verdict == Verdict::Blocked) return false;
  }
  look_up_failed_ = false;
  if (up_front.verdict == Verdict::Rewrite) {
    redirect_bind(up_front, *group_->statement, group_->bind,
                  static_cast<std::uint32_t>(group_->bind.size()));
    group_->bytes.erase(0, 5 + group_->bind.size());
    group_->replies.erase(group_->replies.begin());
  }
  const bool armed = stands_alone && up_front.verdict == Verdict::Forward;
  if (armed) {
    Replay& replay = armed_replay(sql);
    replay.extended = true;
    replay.parameter_types = group_->statement->parameter_types;
    replay.bind = group_->bind;
    replay.execute = group_->execute;
  }
  flush_group(armed);
  return true;
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
      expected.detail = take_rewritten(group->portal);
      if (!expected.detail && !armed) {
        expected.detail = std::make_unique<ReplyDetail>();
        expected.detail->statement = group->statement;
      }
      note_effects(*group->statement);
      after_savepoint_ = false;
      batch_executed_ = true;
    }
    expect(std::move(expected));
  }
  actions->to_server.append(group->bytes);
}

bool Conversation::bind_in_pipeline(const wire::Frame& frame, const wire::BindNames& names,
                                    const StatementRef& statement) {
  const bool too_large = alone_in_batch();
  UpFront up_front;
  if (!too_large || scope_->has_up_front()) {
    up_front = plan_up_front(statement->sql, too_large ? When::OnlyExplicit : When::Always);
  }
  if (up_front.verdict == Verdict::Blocked) return false;
  look_up_failed_ = false;
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
  const auto with_parts = [&parts] {
    auto detail = std::make_unique<ReplyDetail>();
    detail->rewritten = parts;
    return detail;
  };
  const auto expect_part = [&](Reply reply, Origin origin) {
    // An error of the added clause comes at Parse or Bind (A22): each knows what it belongs to.
    Expected part{reply, origin, Command::Other, true};
    part.detail = with_parts();
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
