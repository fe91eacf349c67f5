// COPYs that a policy may concern, on their way to the server: decided, and sent by way of a
// staging table. See copy_run.h; copy_replies.cc has what happens with the server's answers.
#include <algorithm>
#include <string>
#include <utility>

#include "parser/edit.h"
#include "proxy/session/conversation.h"
#include "proxy/wire/bytes.h"

namespace pgconcord::session {
namespace {

using parser::Command;
using policies::Reason;

constexpr std::string_view kName = "__pgconcord_copy";

std::uint32_t characters(std::string_view utf8) {
  return static_cast<std::uint32_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string bind_without_values(std::string_view portal) {
  wire::ByteWriter writer;
  writer.begin('B');
  writer.string(portal);
  writer.string(kName);
  for (int i = 0; i < 3; ++i) writer.u16(0);
  writer.end();
  return writer.take();
}

constexpr std::string_view kNoTypes{"\0\0", 2};

}  // namespace

bool Conversation::may_concern_copy(Command command, std::string_view sql) const {
  return command == Command::Copy && scope_->has_copies() && scope_->mentions_table(sql);
}

// `alone`: nothing else is under way that it could not be undone together with.
Conversation::Verdict Conversation::plan_copy(std::string_view sql, bool alone,
                                              policies::PlanRef& plan) {
  parser::Outline& outline = work().outline;
  parser::outline(sql, outline);
  const policies::ShapeRef shape = env.plans.shape(sql, outline);
  if (shape->reason != Reason::None) {
    accounts().parse_failure(shape->reason);
    count_refusal(sql, shape->reason);
    return Verdict::Forward;
  }
  const auto is_copy = [](const parser::Statement& statement) {
    return std::holds_alternative<parser::Copy>(statement);
  };
  const auto found = std::find_if(shape->statements.begin(), shape->statements.end(), is_copy);
  if (found == shape->statements.end()) return Verdict::Forward;
  const parser::RelationName& table = std::get<parser::Copy>(*found).table;
  if (!scope_->copies_into(table.name)) return Verdict::Forward;
  if (shape->statements.size() != 1 || !alone) {
    count_refusal(sql, Reason::Pipeline);
    return Verdict::Forward;
  }
  return plan_write(sql, 0, table, When::Always, plan);
}

CopyRun& Conversation::start_copy(policies::PlanRef plan, std::string_view sql) {
  copy_run_ = std::make_unique<CopyRun>();
  copy_run_->texts = policies::staged_copy_of(*plan, sql, work().outline.statements[0]);
  copy_run_->plan = std::move(plan);
  copy_run_->sql = sql;
  copy_run_->kept_from = characters(sql.substr(0, copy_run_->texts.kept_from));
  guard_.other();
  return *copy_run_;
}

Conversation::Sent Conversation::query_of_copy(std::string_view sql, Expected& expected) {
  if (!scope_->mentions_table(sql) || !may_copy(expected)) return Sent::No;
  policies::PlanRef plan;
  const bool stands_alone = !expected.detail && (alone() || alone_in_block());
  const Verdict verdict = plan_copy(sql, stands_alone, plan);
  if (verdict == Verdict::Blocked) return Sent::Blocked;
  look_up_failed_ = false;
  if (verdict == Verdict::Forward) return Sent::No;
  ClientStatement effects{Command::Copy, may_change_names(Command::Copy, sql), false, {}, {}, {}};
  note_effects(effects);
  const parser::TextEdit edit = policies::edit_of(*plan, sql, work().outline.statements[0]);
  CopyRun& run = start_copy(std::move(plan), sql);
  std::size_t copy_at = edit.offset;
  for (const std::string& each : run.texts.before) copy_at += each.size() + 2;
  const std::string edited = parser::apply(sql, {edit});
  run.kept_at = characters(std::string_view(edited).substr(0, copy_at + run.texts.kept_at));
  statements_.forget("");
  portals_.forget("");
  expected.origin = Origin::Staged;
  copy_starts(expected);
  expect(std::move(expected));
  actions->to_server.append(wire::make_query(edited));
  return Sent::Yes;
}

// Parse, Bind and Execute of a text of ours under reserved names (5.1). `portal`: what is executed;
// it is closed again unless it is the client's.
void Conversation::send_staged(std::string_view sql, Origin executed) {
  Outbox& out = actions->to_server;
  out.append(wire::make_close_statement(kName));
  out.append(wire::make_parse(kName, sql, kNoTypes));
  out.append(bind_without_values(kName));
  out.append(wire::make_execute(kName));
  for (const Reply reply : {Reply::Close, Reply::Parse, Reply::Bind, Reply::Execute}) {
    queue_.push({reply, reply == Reply::Execute ? executed : Origin::Staged, Command::Copy, true});
  }
}

void Conversation::close_staged() {
  actions->to_server.append(wire::make_close_portal(kName));
  queue_.push({Reply::Close, Origin::Staged, Command::Copy, true});
}

// In the place of the client's Execute. Its own portal is never run, and closed so that a second
// Execute of it cannot be either.
Conversation::Sent Conversation::execute_of_copy(std::string_view portal,
                                                 const ClientStatement& statement) {
  if (queue_.skipping() || (status_ == 'E' && readies_due_ == 0)) return Sent::No;
  policies::PlanRef plan;
  const bool stands_alone =
      alone_in_batch() || (status_ == 'T' && readies_due_ == 0 && !batch_executed_);
  const Verdict verdict = plan_copy(statement.sql, stands_alone, plan);
  if (verdict == Verdict::Blocked) return Sent::Blocked;
  look_up_failed_ = false;
  if (verdict == Verdict::Forward) return Sent::No;
  CopyRun& run = start_copy(std::move(plan), statement.sql);
  run.extended = true;
  run.portal = portal;
  run.kept_at = characters(std::string_view(run.texts.copy).substr(0, run.texts.kept_at));
  note_effects(statement);
  batch_open_ = batch_executed_ = true;
  actions->to_server.append(wire::make_close_portal(portal));
  queue_.push({Reply::Close, Origin::Staged, Command::Copy, true});
  for (const std::string& each : run.texts.before) {
    send_staged(each, Origin::Staged);
    close_staged();
  }
  send_staged(run.texts.copy, Origin::Staged);
  copy_starts(queue_.back());
  return Sent::Yes;
}

// Behind the client's CopyDone; what fails before is skipped by the server up to its Sync.
void Conversation::send_merge() {
  CopyRun& run = *copy_run_;
  if (!run.extended || run.merge_sent) return;
  run.merge_sent = true;
  close_staged();
  for (const std::string& each : {run.texts.merge, run.texts.after}) {
    send_staged(each, Origin::Staged);
    close_staged();
  }
}

// The client's own statement in the place of one whose staging table could not be made.
void Conversation::send_copy_as_written(std::string_view sqlstate) {
  CopyRun& run = *copy_run_;
  auto detail = std::make_unique<ReplyDetail>();
  detail->staging_failed = run.plan;
  detail->failed_with = sqlstate;
  if (run.extended) {
    Expected sync{Reply::Sync, Origin::Staged, Command::Other, true};
    sync.ready_hidden = true;
    queue_.push(std::move(sync));
    actions->to_server.append(wire::make_sync());
    send_staged(run.sql, Origin::Client);
  } else {
    queue_.push({Reply::Query, Origin::Client, Command::Copy, false});
    actions->to_server.append(wire::make_query(run.sql));
  }
  queue_.back().detail = std::move(detail);
  copy_starts(queue_.back());
}

}  // namespace pgconcord::session
