// on_violation: what happens between a violation and the rewritten statement's reply.
#include <algorithm>
#include <utility>

#include "parser/edit.h"
#include "proxy/limits.h"
#include "proxy/session/command_facts.h"
#include "proxy/session/conversation.h"

namespace pgconcord::session {
namespace {

using parser::Command;
using policies::Reason;

bool is_conflict(const wire::ErrorResponse& error) {
  // W: the violation is a trigger's or function's; a clause on the outer statement cannot cure it
  // (rewrite.md 6).
  return (error.sqlstate == "23505" || error.sqlstate == "23P01") && error.where.empty() &&
         !error.constraint.empty() && error.routine != "comparetup_index_btree";
}

}  // namespace

Replay& Conversation::armed_replay(std::string_view sql, Command command) {
  if (!replay_) replay_ = std::make_unique<Replay>();
  replay_->reset();
  replay_->state = Replay::State::Armed;
  replay_->sql = sql;
  replay_->command = command;
  return *replay_;
}

// More was sent before the outcome is known: that is a pipeline, whose order a replay would break.
void Conversation::overtake_replay() {
  if (!replay_) return;
  switch (replay_->state) {
    case Replay::State::Armed:
    case Replay::State::Asking:
      replay_->overtaken = true;
      return;
    case Replay::State::Held:
      replay_->overtaken = true;
      if (replay_->original) return release_violation();
      decide_replay(wire::error_response(std::string_view(replay_->error).substr(5)));
      release_violation();
      return;
    case Replay::State::Idle:
    case Replay::State::Running:
      return;
  }
}

// True when the violation is kept from the client for now.
bool Conversation::hold_violation(const wire::Frame& frame, const wire::ErrorResponse& error) {
  if (!is_conflict(error) || !frame.complete() || !scope_) return false;
  // A deferred constraint is checked when the statement has been answered.
  if (replay_->state != Replay::State::Armed) return false;
  // Nothing can be asked in a failed block, nor while the server skips to the client's Sync.
  const bool may_ask = !replay_->savepoint && !replay_->flushed;
  replay_->needs_catalog = may_ask && scope_->enforces() && !catalog_knows(error);
  if (!replay_->needs_catalog && !decide_replay(error)) return false;
  if (replay_->overtaken) return false;
  replay_->state = Replay::State::Held;
  replay_->error = frame.raw;
  if (replay_->flushed) replay_behind_flush();
  return true;
}

// The client waits for its answer and sends no Sync before: one of ours ends the skipping. What it
// ends, the failed statement has ended already; the client's own Sync ends the replay. All of it
// goes out at once, so that nothing of the client's can come in between.
void Conversation::replay_behind_flush() {
  Expected sync{Reply::Sync, Origin::Inserted, Command::Other, true};
  sync.ready_hidden = true;
  queue_.push(std::move(sync));
  actions->to_server.append(wire::make_sync());
  send_replay();
}

// A trigger's notice comes in both runs; the client sees it once. Compared whole, and only the few
// that came in the first run.
bool Conversation::is_repeated_notice(const wire::Frame& frame) {
  std::vector<std::string>& notices = replay_->notices;
  if (replay_->state == Replay::State::Armed) {
    if (frame.complete() && frame.raw.size() <= kNoticeBytesMax && notices.size() < kNoticesMax) {
      notices.emplace_back(frame.raw);
    }
    return false;
  }
  if (replay_->state != Replay::State::Running || queue_.empty() || !queue_.front().replayed) {
    return false;
  }
  const auto found = std::find(notices.begin(), notices.end(), frame.raw);
  if (found == notices.end()) return false;
  notices.erase(found);
  return true;
}

bool Conversation::catalog_knows(const wire::ErrorResponse& error) const {
  if (scope_->catalog_due(env.now, settings_->config.catalog.refresh)) return false;
  const auto located = scope_->catalog()->locate(error.schema, error.table, error.constraint);
  return located.index != nullptr || !may_ask_catalog_again();
}

// Is the statement to be run again rewritten? Counts why not.
bool Conversation::decide_replay(const wire::ErrorResponse& error) {
  parser::Outline& outline = work().outline;
  parser::outline(replay_->sql, outline);
  policies::Situation situation = situation_after(error);
  const policies::ShapeRef shape = env.plans.shape(replay_->sql, outline);
  if (shape->reason != Reason::None) accounts().parse_failure(shape->reason);
  if (shape->reason != Reason::None || outline.statements.size() != 1) {
    count_refusal(replay_->sql, shape->reason == Reason::None ? Reason::Pipeline : shape->reason);
    return false;
  }
  if (const auto* other = std::get_if<parser::Other>(&shape->statements[0])) {
    count_hidden(*other);
    return false;
  }
  replay_->plan = env.plans.plan(replay_->sql, outline, 0, situation);
  replay_->value_rows = outline.statements[0].value_rows;
  const policies::Decision& decision = replay_->plan->decision;
  if (decision.policy == nullptr) return false;
  Reason reason = decision.reason;
  if (!lexing_safe()) reason = Reason::Lexing;
  if (reason == Reason::None && must_not_replay(*decision.policy)) reason = Reason::Pipeline;
  if (reason != Reason::None) {
    accounts().left_alone(*decision.policy, reason);
    return false;
  }
  if (decision.policy->mode == policies::Mode::Observe) {
    accounts().rewrite(*cells_, decision, "observed");
    return false;
  }
  return true;
}

// Behind a savepoint only what asked for it is repeated.
bool Conversation::must_not_replay(const policies::Policy& policy) const {
  return replay_->overtaken || (replay_->savepoint && policy.apply != policies::Apply::OnViolation);
}

policies::Situation Conversation::situation_after(const wire::ErrorResponse& error) const {
  return situation_of(error.schema, error.table, error.constraint);
}

policies::Situation Conversation::situation_of(std::string_view schema, std::string_view table,
                                               std::string_view constraint) const {
  policies::Situation situation;
  situation.moment = policies::Moment::AfterViolation;
  situation.selection = &scope_->selection();
  situation.catalog = scope_->catalog().get();
  situation.suspensions = &env.suspensions;
  situation.violated_schema = schema;
  situation.violated_table = table;
  situation.violated_constraint = constraint;
  return situation;
}

// At the ReadyForQuery behind a held violation. True when it is kept back.
bool Conversation::replay_or_release(const wire::Frame& ready) {
  const char failed = replay_->savepoint ? 'E' : 'I';
  if (status_ != failed || !queue_.empty()) {
    release_violation();
    return false;
  }
  replay_->ready = ready.raw;
  if (replay_->needs_catalog) {
    replay_->state = Replay::State::Asking;
    look_up_catalog(LookUp::Purpose::Replay);
    return true;
  }
  if (no_rows_at_once()) {
    tell_no_rows();
    return false;
  }
  send_replay();
  return true;
}

// After the catalog was asked for a held violation.
void Conversation::replay_after_look_up() {
  const std::string raw = replay_->error;
  const bool again = decide_replay(wire::error_response(std::string_view(raw).substr(5)));
  if (!again) return release_violation();
  if (!no_rows_at_once()) return send_replay();
  tell_no_rows();
  actions->to_client.append(replay_->ready);
  if (!open_incidents_.empty()) settle_incidents();
  replay_->reset();
}

void Conversation::send_replay() {
  replay_->state = Replay::State::Running;
  if (!replay_->flushed) ++readies_due_;
  if (replay_->savepoint) {
    accounts().savepoint(*cells_, "rolled_back");
    send_control(Control::Back);
  }
  if (replay_->original) return send_original();
  if (reports_no_rows()) return ask_for_no_rows();
  std::string edited;
  auto detail = std::make_unique<ReplyDetail>();
  parser::outline(replay_->sql, work().outline);
  detail->rewritten = edit_text({Verdict::Rewrite, {{0, replay_->plan}}}, replay_->sql, edited);
  replay_->extended ? send_extended_replay(edited, std::move(detail))
                    : send_simple_replay(edited, std::move(detail));
}

void Conversation::send_simple_replay(const std::string& edited,
                                      std::unique_ptr<ReplyDetail> detail) {
  Expected query{Reply::Query, Origin::Client, Command::Insert, false};
  query.replayed = true;
  query.ready_hidden = replay_->savepoint;
  query.detail = std::move(detail);
  queue_.push(std::move(query));
  actions->to_server.append(wire::make_query(edited));
  if (replay_->savepoint) send_control(Control::Release);
}

// The client has seen ParseComplete, BindComplete and the description of the first run: only what
// Execute yields is new.
void Conversation::send_extended_replay(const std::string& edited,
                                        std::unique_ptr<ReplyDetail> detail) {
  const auto names = wire::bind_names(replay_->bind);
  expect_again(Reply::Close, Origin::Inserted);
  // Whichever of them fails, the position is the client's.
  expect_again(Reply::Parse, Origin::Inserted).detail = std::make_unique<ReplyDetail>(*detail);
  expect_again(Reply::Bind, Origin::Inserted).detail = std::make_unique<ReplyDetail>(*detail);
  expect_again(Reply::Execute, Origin::Client).detail = std::move(detail);
  for (std::size_t i = 1; i < replay_->answers.size(); ++i)
    expect_again(replay_->answers[i], Origin::Client);
  expect_again(Reply::Close, Origin::Inserted);
  Outbox& out = actions->to_server;
  out.append(wire::make_close_statement(kReplayStatement));
  out.append(wire::make_parse(kReplayStatement, edited, replay_->parameter_types));
  out.append(wire::make_bind_start(names->portal, kReplayStatement,
                                   static_cast<std::uint32_t>(replay_->bind.size()), *names));
  out.append(std::string_view(replay_->bind).substr(names->size));
  out.append(replay_->execute);
  out.append(wire::make_close_statement(kReplayStatement));
  end_extended_replay();
}

Expected& Conversation::expect_again(Reply reply, Origin origin) {
  queue_.push({reply, origin, replay_->command, true});
  queue_.back().replayed = true;
  return queue_.back();
}

// As the client ended its own messages.
void Conversation::end_extended_replay() {
  if (replay_->savepoint) send_control(Control::Release);
  if (!replay_->flushed) expect_again(Reply::Sync, Origin::Client);
  actions->to_server.append(replay_->flushed ? wire::make_flush() : wire::make_sync());
}

// The client gets the violation after all.
void Conversation::release_violation() {
  if (!replay_->error.empty()) {
    const wire::ErrorResponse error =
        wire::error_response(std::string_view(replay_->error).substr(5));
    accounts().error(*cells_, error.sqlstate);
    ++statements_seen_;
    accounts().statement(*cells_, facts_of(replay_->command).tag_word, replay_->extended);
    count_violation(error, replay_->command, replay_->sql);
    actions->to_client.append(replay_->error);
    actions->to_client.append(replay_->ready);
    if (!replay_->ready.empty()) settle_incidents();
  }
  replay_->reset();
}

// The server is gone. Behind a replay that was under way nothing is said: its outcome is not known.
void Conversation::end_replay() {
  if (!replay_) return;
  switch (replay_->state) {
    case Replay::State::Held:
    case Replay::State::Asking:
      release_violation();
      return;
    case Replay::State::Idle:
    case Replay::State::Armed:
    case Replay::State::Running:
      replay_->reset();
      return;
  }
}

// True when the client gets the original error instead of this one.
bool Conversation::replay_failed(const wire::ErrorResponse& error) {
  if (replay_->state != Replay::State::Running || replay_->original) return false;
  if (reports_no_rows()) {
    if (replay_->answered) return false;
  } else if (!may_come_from_clause(error.sqlstate)) {
    return false;
  } else {
    suspend(replay_->plan->decision, error.sqlstate);
  }
  replay_->ready.clear();
  release_violation();
  return true;
}

// A violation of a statement that could not be armed: a policy that only works on violations left
// it alone.
void Conversation::count_unarmed_violation(const wire::ErrorResponse& error,
                                           const ReplyDetail& detail) {
  if (!scope_ || !is_conflict(error)) return;
  parser::Outline& outline = work().outline;
  const std::string& sql = detail.statement->sql;
  parser::outline(sql, outline);
  const policies::ShapeRef shape = env.plans.shape(sql, outline);
  const std::size_t index = detail.done;
  if (shape->reason != Reason::None || index >= shape->statements.size() ||
      shape->statements.size() != outline.statements.size() ||
      parser::written_table(shape->statements[index]) == nullptr) {
    return;
  }
  policies::Situation situation = situation_after(error);
  situation.guarded = detail.guarded;
  const auto plan = env.plans.plan(sql, outline, index, situation);
  const policies::Decision& decision = plan->decision;
  const bool answers_violations =
      decision.policy != nullptr &&
      (policies::waits_for_violation(*decision.policy) || detail.refusal != Reason::None);
  if (!answers_violations) return;
  Reason reason = decision.reason;
  if (reason == Reason::None) reason = detail.refusal;
  accounts().left_alone(*decision.policy, reason == Reason::None ? Reason::Pipeline : reason);
}

}  // namespace pgconcord::session
