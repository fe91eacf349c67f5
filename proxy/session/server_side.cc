// What is learned from each message of the server, matched to the queue of expected replies
// (protocol.md section 4).
#include <algorithm>
#include <utility>

#include "proxy/session/command_facts.h"
#include "proxy/session/conversation.h"
#include "proxy/wire/bytes.h"

namespace pgconcord::session {

using parser::Command;

bool Conversation::matches_queue(char type) const {
  if (queue_.empty()) return false;
  const Reply reply = queue_.front().reply;
  if (queue_.failed_query()) return type == 'Z';
  const bool runs = reply == Reply::Query || reply == Reply::Execute;
  switch (type) {
    case '1':
      return reply == Reply::Parse;
    case '2':
      return reply == Reply::Bind;
    case '3':
      return reply == Reply::Close;
    case 't':
      return reply == Reply::DescribeStatement;
    case 'n':
      return reply == Reply::DescribeStatement || reply == Reply::DescribePortal;
    case 'T':
      return reply == Reply::DescribeStatement || reply == Reply::DescribePortal || runs;
    case 'D':
    case 'C':
    case 'I':
    case 'G':
    case 'H':
    case 'd':
    case 'c':
      return runs;
    case 's':
      return reply == Reply::Execute;
    case 'V':
      return reply == Reply::FunctionCall;
    case 'Z':
      return reply == Reply::Query || reply == Reply::Sync || reply == Reply::FunctionCall;
    default:
      return false;
  }
}

void Conversation::server_frame(const wire::Frame& frame) {
  if (phase == Phase::Authenticating) {
    server_login_frame(frame);
    return;
  }
  switch (frame.type) {
    case 'A':
      to_client(frame);
      return;
    case 'S':
      server_parameter(frame);
      to_client(frame);
      return;
    case 'N':
      server_notice(frame);
      return;
    case 'E':
      server_error(frame);
      return;
    default:
      break;
  }
  if (!matches_queue(frame.type)) {
    desynchronised(std::string("a message of type ") + frame.type + " was not expected");
    return;
  }
  switch (frame.type) {
    case 'Z':
      server_ready(frame);
      return;
    case 'C':
      server_complete(frame);
      return;
    default:
      consume(frame);
      return;
  }
}

void Conversation::consume(const wire::Frame& frame) {
  Expected& head = queue_.front();
  const bool hidden = head.origin != Origin::Client;
  drop_server_rest_ = hidden;
  if (hidden && frame.type == 'D') look_up_row(frame);
  if (!hidden) to_client(frame);
  switch (frame.type) {
    case 'D':
    case 'd':
    case 'c':
    case 't':
    case 'V':
      return;
    case 'T':
      if (head.reply == Reply::Query || head.reply == Reply::Execute) return;
      break;
    case 'G':
    case 'H':
      if (hidden) staged_begins(frame);
      copy_response(frame.type);
      return;
    case '1':
      if (!hidden)
        statements_.confirm(head.detail ? std::string_view(head.detail->name) : std::string_view());
      break;
    case 'I':
      statement_ended(head);
      if (head.reply == Reply::Query) return;
      break;
    case 's':
      if (copies()) copy_decided(head, CopyIn::No);
      count_complete({}, head);
      suspended_portal(head);
      break;
    default:
      break;
  }
  const bool ends_look_up = head.ends_look_up;
  if (head.tells_no_rows) tell_no_rows();
  queue_.pop();
  if (ends_look_up) look_up_done();
}

// More rows may be fetched from it behind the Sync: what they belong to is the same (A24).
void Conversation::suspended_portal(Expected& head) {
  if (!head.detail || head.detail->rewritten.empty() || head.replayed) return;
  head.detail->resumed = true;
  take_rewritten(head.detail->name);
  rewritten_.emplace_back(head.detail->name, std::move(head.detail));
}

void Conversation::copy_response(char type) {
  Expected& head = queue_.front();
  if (type == 'H') {
    copy_decided(head, CopyIn::No);
    return;
  }
  if (head.detail && head.detail->staging_failed) copy_begins_as_written(*head.detail);
  // Of a COPY that was not known as one the Sync went out; the server ignores it (4.31).
  const ReplyQueue::IgnoredSyncs ignored = queue_.drop_ignored_syncs();
  readies_due_ -= static_cast<std::uint32_t>(ignored.count);
  if (head.reply == Reply::Execute && queue_.size() == 1) batch_open_ = batch_executed_ = true;
  copy_decided(head, ignored.data_ended ? CopyIn::No : CopyIn::Running);
}

// It is known now whether the statement copies from the client; a Sync may have waited for that.
// Only the last of several such statements can have a Sync behind it that depends on it.
void Conversation::copy_decided(Expected& head, CopyIn outcome) {
  if (head.starts_copy) {
    head.starts_copy = false;
    --copies_starting_;
  }
  if (copies_starting_ > 0) return;
  copy_in_ = outcome;
  if (blocked != Blocked::CopyStart) return;
  blocked = Blocked::No;
  // Ignored as the server would, whatever comes behind the answer in the same read.
  if (outcome != CopyIn::Running) return;
  held_.erase(0, 1 + wire::load_u32(held_.data() + 1));
  copy_sync_ = true;
}

// A COPY may fail behind CopyInResponse and before it reads anything (a view, FREEZE, a trigger):
// then the server does answer the Sync, and a client that sends no data waits for that. A cancel or
// time-out ends the wait for data, and the Sync was read.
void Conversation::return_copy_sync(const wire::ErrorResponse& error) {
  if (!std::exchange(copy_sync_, false) || error.sqlstate.starts_with("57")) return;
  batch_open_ = batch_executed_ = false;
  ++batch_number_;
  expect({Reply::Sync, Origin::Client, Command::Other, true});
  actions->to_server.append(wire::make_sync());
}

// What kind of statement it is: the next time its Sync need not wait.
void Conversation::learn_unseen(const ClientStatement& statement, std::string_view command) {
  const StatementRef* known = statements_.find(statement.name);
  if (known != nullptr ? known->get() != &statement : statement.name.empty()) return;
  statements_.set(statement.name, plain_statement(parser::leading_command(command)),
                  settings_->config.limits.prepared_statements);
}

// A COPY or other statement is over: whatever waited for what it would be goes on.
void Conversation::statement_ended(Expected& head) {
  if (head.reply == Reply::Execute && copies()) copy_decided(head, CopyIn::No);
  if (head.detail) ++head.detail->done;
}

void Conversation::server_complete(const wire::Frame& frame) {
  Expected& head = queue_.front();
  if (head.origin == Origin::Client) {
    const wire::CommandTag tag = wire::command_tag(frame.body);
    const std::string reported = reported_tag(tag, head);
    count_complete(tag, head);
    if (head.write && head.write->unseen) learn_unseen(*head.write, tag.command);
    reported.empty() ? to_client(frame) : actions->to_client.append(reported);
  } else if (head.origin == Origin::Staged) {
    staged_complete(wire::command_tag(frame.body));
  }
  statement_ended(head);
  if (head.reply == Reply::Execute) queue_.pop();
}

void Conversation::server_ready(const wire::Frame& frame) {
  const Origin origin = queue_.front().origin;
  const bool replayed = queue_.front().replayed;
  if (copies()) copy_decided(queue_.front(), CopyIn::No);
  const bool hidden = queue_.front().ready_hidden;
  if (queue_.front().tells_no_rows) tell_no_rows();
  queue_.pop();
  status_ = frame.body.empty() ? 'I' : frame.body[0];
  if (origin == Origin::LookUp) {
    look_up_done();
    return;
  }
  if (hidden) return;
  if (origin == Origin::Staged && staged_ready(frame)) return;
  block_error_.clear();
  if (readies_due_ > 0) --readies_due_;
  if (status_ == 'I') {
    portals_.clear();
    savepoints_ = 0;
  }
  if (lexing_in_doubt_ && queue_.empty()) lexing_in_doubt_ = false;
  if (ddl_seen_) schema_may_have_changed();
  if (scope_ && status_ == 'I') scope_->block_ended();
  if (replay_ && replay_->state == Replay::State::Held && replay_or_release(frame)) return;
  if (!open_incidents_.empty()) settle_incidents();
  if (replay_ && (replayed || queue_.empty())) replay_->reset();
  to_client(frame);
  if ((draining || reselect_due_ || settings_ != env.settings) && idle()) idle_point();
}

void Conversation::schema_may_have_changed() {
  env.catalogs.mark_stale(database);
  if (scope_) scope_->forget_catalog();
  if (status_ != 'I') return;
  env.suspensions.clear();
  ddl_seen_ = false;
}

// Only a notice about our own statement is ours (5.3), and one that the client has seen already.
void Conversation::server_notice(const wire::Frame& frame) {
  if (!queue_.empty() && queue_.front().origin == Origin::Staged) return staged_notice(frame);
  const bool is_ours = !queue_.empty() && queue_.front().origin == Origin::LookUp;
  drop_server_rest_ = is_ours || (replay_ && is_repeated_notice(frame));
  if (drop_server_rest_) return;
  const bool rewritten = !queue_.empty() && queue_.front().detail && frame.complete() &&
                         !queue_.front().detail->rewritten.empty();
  const std::uint32_t at = rewritten ? wire::error_response(frame.body).position : 0;
  at == 0 ? to_client(frame)
          : actions->to_client.append(position_mapped(frame, at, *queue_.front().detail));
}

void Conversation::server_parameter(const wire::Frame& frame) {
  const auto status = wire::parameter_status(frame.body);
  if (!status) return;
  if (status->name == "standard_conforming_strings") conforming_strings_ = status->value == "on";
  if (status->name == "client_encoding") utf8_ = status->value == "UTF8";
  if (status->name == "search_path" && scope_) scope_->names_changed(status_ != 'I');
  if (status->name == "application_name" && status->value != application) {
    application = wire::significant(status->value);
    const bool matters =
        std::any_of(settings_->config.policies.begin(), settings_->config.policies.end(),
                    [](const policies::Policy& p) { return !p.when.applications.empty(); });
    reselect_due_ = reselect_due_ || (cells_ != nullptr && matters);
  }
}

void Conversation::server_error(const wire::Frame& frame) {
  const bool by_policy = copy_run_ != nullptr;  // the Syncs of its messages are ours
  const wire::ErrorResponse error = wire::error_response(frame.body);
  drop_server_rest_ = false;
  if (error.fatal()) {
    // The server closes behind it; that needs no comment of ours.
    client_ended_ = true;
    end_replay();
    to_client(frame);
    return;
  }
  if (queue_.empty() || queue_.failed_query()) {
    desynchronised("an error came while nothing was under way");
    return;
  }
  Expected& head = queue_.front();
  if (head.origin == Origin::LookUp) {
    look_up_error(frame, error);
  } else if (head.origin == Origin::Staged) {
    staged_error(frame, error);
  } else if (head.origin == Origin::Inserted && head.reply == Reply::Query) {
    control_error(frame, error);
  } else if (error.sqlstate == "25P02" && !block_error_.empty()) {
    // The transaction failed with our question; the client gets that error for its statement (3.6).
    drop_server_rest_ = true;
    if (head.replayed && replay_) replay_->answered = true;
    count_error(wire::error_response(std::string_view(block_error_).substr(5)), head);
    actions->to_client.append(std::exchange(block_error_, {}));
  } else if ((head.armed && replay_ && hold_error(frame, error, head)) ||
             (head.replayed && replay_failed(error))) {
    drop_server_rest_ = true;
  } else {
    client_error(frame, error, head);
  }
  drop_failed();
  if (!by_policy) return_copy_sync(error);
}

void Conversation::look_up_error(const wire::Frame& frame, const wire::ErrorResponse& error) {
  if (look_up_) look_up_->failed = true;
  // Asked without a Sync of ours it ended the client's batch, even where nobody waits for the
  // answer any more: the client must hear of it (3.6).
  drop_server_rest_ = queue_.end_of_look_up().reply == Reply::Sync;
  if (!drop_server_rest_) {
    to_client(frame);
  } else if (status_ == 'T' && frame.complete()) {
    block_error_ = frame.raw;
  } else if (look_up_ && blocked == Blocked::LookUp && error.sqlstate == "57014" &&
             look_up_->waits_for_statement() && frame.complete()) {
    look_up_->cancelled = frame.raw;
  }
}

void Conversation::client_error(const wire::Frame& frame, const wire::ErrorResponse& error,
                                const Expected& head) {
  count_error(error, head);
  const bool rewritten = head.detail && !head.detail->rewritten.empty() && frame.complete();
  rewritten ? actions->to_client.append(error_of_rewritten(frame, error, head)) : to_client(frame);
}

// The queue after an error, and what must be forgotten of the messages that were discarded with it.
void Conversation::drop_failed() {
  std::vector<Expected>& dropped = work().dropped;
  dropped.clear();
  queue_.fail(dropped);
  if (dropped.empty()) copy_decided(queue_.front(), CopyIn::No);
  bool look_up_dropped = false;
  // From the last one back, so that a name means in the end what it meant before the first.
  for (auto at = dropped.rbegin(); at != dropped.rend(); ++at) {
    Expected& entry = *at;
    if (entry.starts_copy || &entry == &dropped.front()) copy_decided(entry, CopyIn::No);
    look_up_dropped = look_up_dropped || entry.ends_look_up;
    if (entry.reply == Reply::Query || entry.reply == Reply::FunctionCall) --readies_due_;
    if (entry.origin == Origin::Client) restore_name(entry);
  }
  dropped.clear();
  if (look_up_dropped && look_up_) {
    look_up_->failed = true;
    look_up_done();
  }
}

// A Parse or Close that was discarded leaves the name as it was (4.7). Of the unnamed statement
// that is not remembered.
void Conversation::restore_name(Expected& entry) {
  const bool named = entry.detail && !entry.detail->name.empty();
  if (entry.reply == Reply::Parse) {
    statements_.withdraw(named ? std::string_view(entry.detail->name) : std::string_view(),
                         named ? std::move(entry.detail->before) : nullptr);
  } else if (entry.reply == Reply::Close && named &&
             statements_.find(entry.detail->name) == nullptr) {
    statements_.set(entry.detail->name, std::move(entry.detail->before),
                    settings_->config.limits.prepared_statements);
  }
}

namespace {

Command command_of(const Expected& head) {
  if (head.reply == Reply::Sync) return Command::Commit;
  if (!head.detail || head.detail->commands.empty()) return head.command;
  return head.detail->commands[std::min(head.detail->done, head.detail->commands.size() - 1)];
}

}  // namespace

void Conversation::count_error(const wire::ErrorResponse& error, const Expected& head) {
  const Command command = command_of(head);
  accounts().error(*cells_, error.sqlstate);
  const bool runs = head.reply == Reply::Query || head.reply == Reply::Execute;
  if (runs && head.origin == Origin::Client) {
    ++statements_seen_;
    accounts().statement(*cells_, facts_of(command).tag_word, head.extended);
  }
  const Rewritten* part = head.detail ? head.detail->current() : nullptr;
  if (part != nullptr && caused_by_rewrite(error, *part))
    suspend(part->plan->decision, error.sqlstate);
  if (head.detail && head.detail->statement) count_unarmed_violation(error, *head.detail);
  count_violation(error, command, violated_text(head));
}

void Conversation::count_violation(const wire::ErrorResponse& error, Command command,
                                   std::string_view sql) {
  const metrics::ErrorFields fields{error.sqlstate, error.schema,   error.table,  error.constraint,
                                    error.column,   error.datatype, error.routine};
  std::optional<metrics::Violation> violation = metrics::classify(fields, facts_of(command).write);
  if (!violation) return;
  if (scope_ && scope_->catalog()) {
    // A partition's violation is its parent's, which is the table people know.
    const auto found = scope_->catalog()->locate(error.schema, error.table, error.constraint);
    if (found.table != nullptr) {
      violation->schema = found.table->schema;
      violation->table = found.table->name;
    }
    if (found.index != nullptr) violation->constraint = found.index->name;
  }
  ++violations_seen_;
  accounts().violation(*cells_, *violation);
  explain_violation(*violation, error, sql, command);
}

// The CommandComplete that the client gets instead of the server's own (I3); empty = that one.
std::string Conversation::reported_tag(const wire::CommandTag& tag, const Expected& head) {
  const Rewritten* part = head.detail ? head.detail->current() : nullptr;
  if (part == nullptr || !tag.has_rows) return {};
  const policies::Decision& decision = part->plan->decision;
  if (decision.remedy == policies::Remedy::InsertForm) {
    return wire::make_command_complete("UPDATE " + std::to_string(tag.rows));
  }
  const bool all = decision.policy->report_rows == policies::ReportRows::Attempted;
  if (!all || part->value_rows <= tag.rows) return {};
  return wire::make_command_complete("INSERT 0 " + std::to_string(part->value_rows));
}

void Conversation::count_complete(const wire::CommandTag& tag, Expected& head) {
  const Rewritten* part = head.detail ? head.detail->current() : nullptr;
  const bool as_sent =
      part == nullptr || part->plan->decision.remedy == policies::Remedy::AddClause;
  const std::string_view command =
      tag.command.empty() || !as_sent ? facts_of(command_of(head)).tag_word : tag.command;
  ++statements_seen_;
  const StatementKind kind = accounts().statement(*cells_, command, head.extended);
  if (kind != StatementKind::Other) {
    checked_first_ = kind == StatementKind::Select && tag.has_rows && tag.rows == 0;
  }
  if (!open_incidents_.empty() &&
      (head.command == Command::Rollback || head.command == Command::Commit)) {
    abandon_incidents();
  }
  guard_.completed(tag);
  if (head.armed && replay_) {
    if (replay_->savepoint) accounts().savepoint(*cells_, "released");
    replay_->reset();
  }
  if (part == nullptr || head.detail->resumed) return;
  const policies::Decision& decision = part->plan->decision;
  ++rewrites_seen_;
  accounts().rewrite(*cells_, decision, "rewritten");
  const std::uint64_t sent = part->value_rows;
  const bool counts = decision.tag_counts_skipped_rows && tag.has_rows && sent > 0;
  std::uint64_t skipped = counts && sent > tag.rows ? sent - tag.rows : 0;
  // The replay answers a violation that did happen, even where its cause has meanwhile gone.
  if (head.replayed) skipped = std::max<std::uint64_t>(skipped, 1);
  if (skipped > 0) {
    accounts().absorbed(*cells_, decision, head.replayed ? "on_violation" : "up_front", skipped);
  }
}

}  // namespace pgconcord::session
