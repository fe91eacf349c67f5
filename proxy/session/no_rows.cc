// `action: do_nothing` for UPDATE: the violation of the policy's constraint becomes `UPDATE 0`
// (rewrite.md B). The statement is not run again. Where its answer needs nothing of the server it
// is given at once; otherwise the server describes the rows that never come, goes back to our
// savepoint, or answers what the client sent behind the Execute.
#include "proxy/session/command_facts.h"
#include "proxy/session/conversation.h"
#include "proxy/wire/bytes.h"

namespace pgconcord::session {

bool Conversation::reports_no_rows() const {
  return replay_->plan && replay_->plan->decision.remedy == policies::Remedy::ReportNoRows;
}

// In the extended protocol a client that wants a description has it from its own Describe.
bool Conversation::no_rows_at_once() const {
  if (!reports_no_rows() || replay_->savepoint || replay_->flushed) return false;
  if (replay_->extended) return replay_->answers.size() == 1;
  const policies::Plan& plan = *replay_->plan;
  return !std::get<parser::Update>(plan.shape->statements[plan.index]).has_returning;
}

// Not where the replay failed meanwhile and the client has got the violation.
void Conversation::tell_no_rows() {
  if (!replay_ || replay_->state == Replay::State::Idle || replay_->answered) return;
  replay_->answered = true;
  const policies::Decision& decision = replay_->plan->decision;
  ++statements_seen_;
  ++rewrites_seen_;
  accounts().statement(*cells_, facts_of(replay_->command).tag_word, replay_->extended);
  accounts().rewrite(*cells_, decision, "rewritten");
  accounts().absorbed(*cells_, decision, "on_violation", 1);
  checked_first_ = false;
  actions->to_client.append(wire::make_command_complete("UPDATE 0"));
}

void Conversation::ask_for_no_rows() {
  if (replay_->extended) return bind_for_no_rows();
  const policies::Plan& plan = *replay_->plan;
  if (std::get<parser::Update>(plan.shape->statements[plan.index]).has_returning) {
    describe_no_rows();
  }
  if (!replay_->savepoint) return;
  send_control(Control::Release);
  queue_.back().tells_no_rows = true;
}

// A Query's rows are described by a portal that is never executed. Its ReadyForQuery is the
// client's, or in a block that of the RELEASE.
void Conversation::describe_no_rows() {
  Outbox& out = actions->to_server;
  out.append(wire::make_close_statement(kReplayStatement));
  out.append(wire::make_parse(kReplayStatement, replay_->sql, std::string_view("\0\0", 2)));
  out.append(wire::make_bind_without_values(kReplayStatement, kReplayStatement));
  out.append(wire::make_describe_portal(kReplayStatement));
  out.append(wire::make_close_portal(kReplayStatement));
  out.append(wire::make_close_statement(kReplayStatement));
  out.append(wire::make_sync());
  for (const Reply reply : {Reply::Close, Reply::Parse, Reply::Bind}) {
    expect_again(reply, Origin::Inserted);
  }
  expect_again(Reply::DescribePortal, Origin::Client);
  expect_again(Reply::Close, Origin::Inserted);
  expect_again(Reply::Close, Origin::Inserted);
  Expected& sync = expect_again(Reply::Sync, Origin::Client);
  sync.ready_hidden = replay_->savepoint;
  sync.tells_no_rows = !replay_->savepoint;
}

// The portal is bound again, for what the client sent behind its Execute: the server skipped that.
void Conversation::bind_for_no_rows() {
  const auto names = wire::bind_names(replay_->bind);
  expect_again(Reply::Bind, Origin::Inserted).tells_no_rows = true;
  for (std::size_t i = 1; i < replay_->answers.size(); ++i) {
    expect_again(replay_->answers[i], Origin::Client);
  }
  Outbox& out = actions->to_server;
  out.append(wire::make_bind_start(names->portal, names->statement,
                                   static_cast<std::uint32_t>(replay_->bind.size()), *names));
  out.append(std::string_view(replay_->bind).substr(names->size));
  const std::size_t execute_size = 1 + wire::load_u32(replay_->execute.data() + 1);
  out.append(std::string_view(replay_->execute).substr(execute_size));
  end_extended_replay();
}

}  // namespace pgconcord::session
