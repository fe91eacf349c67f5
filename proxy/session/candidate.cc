// INSERTs that a policy may concern, on their way to the server: planned up front in transaction
// blocks and pipelines, armed for a replay where they stand alone. See group.cc for the extended
// protocol's part of it, replay.cc for what happens after a violation.
#include <algorithm>
#include <utility>

#include "parser/edit.h"
#include "parser/session_effects.h"
#include "proxy/session/command_facts.h"
#include "proxy/session/conversation.h"
#include "proxy/session/text_search.h"

namespace pgconcord::session {
namespace {

using parser::Command;
using policies::Reason;

std::uint32_t characters(std::string_view utf8) {
  return static_cast<std::uint32_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Several statements of one Query run as one implicit transaction, up to what controls transactions
// or settings itself (protocol.md 4.9); and nothing between them may change what a later name
// means.
bool may_rewrite_together(std::string_view sql, const parser::Outline& outline) {
  if (outline.statements.size() < 2) return true;
  return std::all_of(
      outline.statements.begin(), outline.statements.end(), [&](const parser::StatementSpan& span) {
        const bool is_plain = span.command == Command::Insert || span.command == Command::Update ||
                              span.command == Command::Delete || span.command == Command::Select ||
                              span.command == Command::With;
        return is_plain &&
               !parser::may_change_name_resolution(sql.substr(span.begin, span.end - span.begin));
      });
}

}  // namespace

bool Conversation::alone() const {
  return status_ == 'I' && queue_.empty() && readies_due_ == 0 && !batch_open_;
}

bool Conversation::alone_in_batch() const {
  return status_ == 'I' && readies_due_ == 0 && !batch_executed_;
}

bool Conversation::may_concern_policy(Command command, std::string_view sql) const {
  const bool worth_reading =
      may_hide_insert(command, sql) || (scope_->has_updates() && may_hide_update(command, sql));
  return worth_reading && scope_->mentions_table(sql);
}

// Can its violation be answered otherwise than by the server's error?
bool Conversation::may_be_answered(Command command) const {
  return command == Command::Insert || (command == Command::Update && scope_->answers_updates());
}

// Of a statement that may wait for its violation: only what cannot wait is decided beforehand.
Conversation::When Conversation::when_to_plan(Command command, bool may_wait) {
  return may_wait && command == Command::Insert ? When::OnlyExplicit : When::Always;
}

// The policy a statement would fall under cannot be told without reading it; the one whose table it
// mentions is counted.
void Conversation::count_refusal(std::string_view sql, Reason reason) {
  for (const policies::Policy* policy : scope_->selection().policies) {
    if (contains_ignoring_case(sql, policy->table) &&
        contains_ignoring_case(sql, policies::label(policy->statement))) {
      accounts().left_alone(*policy, reason);
      return;
    }
  }
}

void Conversation::count_hidden(const parser::Other& other) {
  if (!other.hides_insert && other.hidden_updates.empty()) return;
  policies::Situation situation;
  situation.selection = &scope_->selection();
  situation.catalog = scope_->catalog().get();
  situation.suspensions = &env.suspensions;
  const policies::Decision decision = policies::decide(other, situation);
  if (decision.policy != nullptr) accounts().left_alone(*decision.policy, decision.reason);
}

// Decides what to send instead of `sql`; counts what is left alone.
Conversation::UpFront Conversation::plan_up_front(std::string_view sql, When when) {
  parser::Outline& outline = work().outline;
  parser::outline(sql, outline);
  const policies::ShapeRef shape = env.plans.shape(sql, outline);
  Reason reason = shape->reason;
  if (reason != Reason::None) accounts().parse_failure(reason);
  if (reason == Reason::None && shape->statements.size() != outline.statements.size())
    reason = Reason::Pipeline;
  if (reason == Reason::None && !may_rewrite_together(sql, outline)) reason = Reason::Pipeline;
  if (reason != Reason::None) {
    if (when == When::Always) count_refusal(sql, reason);
    return {};
  }
  UpFront up_front;
  for (std::size_t i = 0; i < shape->statements.size(); ++i) {
    if (plan_statement(sql, i, shape->statements[i], when, up_front) == Verdict::Blocked) {
      return {Verdict::Blocked, {}};
    }
  }
  if (!up_front.plans.empty()) up_front.verdict = Verdict::Rewrite;
  return up_front;
}

Conversation::Verdict Conversation::plan_statement(std::string_view sql, std::size_t index,
                                                   const parser::Statement& statement, When when,
                                                   UpFront& up_front) {
  if (const auto* other = std::get_if<parser::Other>(&statement)) {
    if (when == When::Always) count_hidden(*other);
    return Verdict::Forward;
  }
  if (std::holds_alternative<parser::Copy>(statement)) {
    return Verdict::Forward;  // copy_candidate.cc
  }
  const parser::RelationName& table = *parser::written_table(statement);
  if (!scope_->plans_for_table(table.name)) return Verdict::Forward;
  policies::PlanRef plan;
  const Verdict verdict = plan_write(sql, index, table, when, plan);
  if (verdict == Verdict::Rewrite) up_front.plans.emplace_back(index, std::move(plan));
  return verdict;
}

Conversation::Verdict Conversation::plan_write(std::string_view sql, std::size_t index,
                                               const parser::RelationName& table, When when,
                                               policies::PlanRef& plan) {
  if (scope_->enforces() && !catalog_ready()) return Verdict::Blocked;
  const auto refresh = settings_->config.catalog.refresh;
  const std::optional<policies::Oid> oid = scope_->resolve(table, env.now, refresh);
  if (!oid && scope_->enforces() && scope_->catalog() && may_look_up() && !look_up_failed_) {
    look_up_name(table.name);
    return Verdict::Blocked;
  }
  if (scope_->enforces() && oid && catalog_lacks(table, *oid) && may_ask_catalog_again() &&
      may_look_up()) {
    look_up_catalog(LookUp::Purpose::Statement);
    blocked = Blocked::LookUp;
    return Verdict::Blocked;
  }
  policies::Situation situation;
  situation.selection = &scope_->selection();
  situation.catalog = scope_->catalog().get();
  situation.suspensions = &env.suspensions;
  situation.table = oid.value_or(0);
  situation.guarded = guard_.covers(table.name);
  plan = env.plans.plan(sql, work().outline, index, situation);
  const policies::Decision& decision = plan->decision;
  if (decision.policy == nullptr) return Verdict::Forward;
  if (when == When::OnlyExplicit && !policies::is_up_front(*decision.policy)) {
    return Verdict::Forward;
  }
  const Reason reason = lexing_safe() ? decision.reason : Reason::Lexing;
  if (reason != Reason::None) {
    accounts().left_alone(*decision.policy, reason);
    return Verdict::Forward;
  }
  if (decision.policy->mode == policies::Mode::Observe) {
    accounts().rewrite(*cells_, decision, "observed");
    return Verdict::Forward;
  }
  return Verdict::Rewrite;
}

// Splices every planned clause into `sql`; tells where they went, in characters of the edited text.
std::vector<Rewritten> Conversation::edit_text(const UpFront& up_front, std::string_view sql,
                                               std::string& edited) {
  const parser::Outline& outline = work().outline;
  std::vector<Rewritten> parts;
  std::vector<parser::TextEdit> edits;
  std::uint32_t shift = 0;
  for (const auto& [index, plan] : up_front.plans) {
    const parser::StatementSpan& span = outline.statements[index];
    edits.push_back(policies::edit_of(*plan, sql, span));
    const parser::TextEdit& edit = edits.back();
    const std::uint32_t length = characters(edit.text);
    const std::uint32_t removed = characters(sql.substr(edit.offset, edit.removed));
    const std::uint32_t begin = characters(sql.substr(0, edit.offset)) + shift;
    parts.push_back({index, plan, span.value_rows, begin, length, removed});
    shift += length - removed;
  }
  edited = parser::apply(sql, edits);
  return parts;
}

void Conversation::send_edited_query(std::string_view sql, const UpFront& up_front,
                                     Expected& expected) {
  std::string edited;
  if (alone() && work().outline.statements.size() == 1) {
    armed_replay(sql, expected.command);
    keep_original(up_front.plans.front().second);
    expected.armed = true;
  }
  if (!expected.detail) expected.detail = std::make_unique<ReplyDetail>();
  expected.detail->rewritten = edit_text(up_front, sql, edited);
  statements_.forget("");
  portals_.forget("");
  expect(std::move(expected));
  actions->to_server.append(wire::make_query(edited));
}

// Reading every statement closely for this would cost more than the rest of its way: it is done
// only where an answer of the server is remembered, or a block is open whose end undoes what
// happens in it (6.6).
bool Conversation::may_change_names(Command command, std::string_view sql) const {
  if (!scope_->enforces()) return false;
  const bool alone = !scope_->tracks_names() && status_ == 'I' && readies_due_ == 0;
  if (alone && facts_of(command).of_rows) return calls_set_config(sql);
  return parser::may_change_name_resolution(sql);
}

Conversation::Sent Conversation::query_to_be_planned(std::string_view sql, When when,
                                                     Expected& expected) {
  const UpFront up_front = plan_up_front(sql, when);
  if (up_front.verdict == Verdict::Blocked) return Sent::Blocked;
  if (up_front.verdict == Verdict::Forward) return Sent::No;
  look_up_failed_ = false;
  guard_.other();
  send_edited_query(sql, up_front, expected);
  return Sent::Yes;
}

// What is kept of a Query that goes out as it came, for the case of a violation.
void Conversation::watch_query(std::string_view sql, bool may_stand_alone, Expected& expected) {
  if (may_stand_alone) {
    armed_replay(sql, expected.command);
    expected.armed = true;
    return;
  }
  if (!expected.detail) expected.detail = std::make_unique<ReplyDetail>();
  expected.detail->statement = std::make_shared<const ClientStatement>(
      ClientStatement{expected.command, false, false, std::string(sql), {}, {}});
  expected.detail->guarded = guards(sql);
}

// Of a statement that goes out as it came: does the application handle its violation itself?
bool Conversation::guards(std::string_view sql) const {
  const auto& policies = scope_->selection().policies;
  return std::any_of(policies.begin(), policies.end(), [&](const policies::Policy* policy) {
    return guard_.covers(policy->table) && contains_ignoring_case(sql, policy->table);
  });
}

Conversation::Sent Conversation::query_of_candidate(std::string_view sql, Expected& expected) {
  if (queue_.skipping() || (status_ == 'E' && queue_.empty())) return Sent::No;
  const Command command = expected.command;
  const bool several = expected.detail != nullptr;
  if (scope_->has_copies() && (command == Command::Copy || several)) {
    const Sent sent = query_of_copy(sql, expected);
    if (sent != Sent::No) return sent;
  }
  const bool answerable = !several && may_be_answered(command);
  const bool may_stand_alone = alone() && answerable;
  Verdict savepoint = Verdict::Forward;
  if (may_concern_policy(command, sql)) {
    if (!may_stand_alone || scope_->has_up_front()) {
      const When when = when_to_plan(command, may_stand_alone);
      if (const Sent sent = query_to_be_planned(sql, when, expected); sent != Sent::No) return sent;
    }
    if (alone_in_block() && answerable) savepoint = savepoint_verdict(sql);
    if (savepoint == Verdict::Blocked) return Sent::Blocked;
    look_up_failed_ = false;
    if (savepoint == Verdict::Forward) watch_query(sql, may_stand_alone, expected);
  }
  ClientStatement effects{command, several || may_change_names(command, sql), false, {}, {}, {}};
  effects.changes_role = effects.changes_names && may_change_role(sql);
  effects.changes_lexing = effects.changes_names && (several || may_change_lexing(command, sql));
  note_effects(effects);
  const Command last = several ? expected.detail->commands.back() : command;
  const bool looks_up = command == Command::Select && !several && alone();
  note_guard(last, looks_up ? sql : std::string_view());
  if (savepoint == Verdict::Forward) return Sent::No;
  send_guarded_query(sql, expected);
  return Sent::Yes;
}

}  // namespace pgconcord::session
