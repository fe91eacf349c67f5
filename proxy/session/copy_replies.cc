// What the server answers to a COPY through a staging table: the client sees what its own COPY
// would have had.
#include <string>
#include <utility>

#include "proxy/limits.h"
#include "proxy/session/conversation.h"
#include "proxy/session/copy_error.h"

namespace pgconcord::session {
namespace {

using parser::Command;

bool is_interruption(std::string_view sqlstate) { return sqlstate.starts_with("57"); }

// Of statements that the client did not write: not for its data's fault, nor for what stops any
// statement.
bool is_fault_of_statement(std::string_view sqlstate) {
  return sqlstate.starts_with("42") || sqlstate.starts_with("0A") || sqlstate.starts_with("55") ||
         sqlstate == "21000" || sqlstate == "XX000" || sqlstate == "428C9";
}

}  // namespace

void Conversation::staged_begins(const wire::Frame& frame) {
  drop_server_rest_ = false;
  if (copy_run_) copy_run_->began = true;
  to_client(frame);
}

void Conversation::staged_notice(const wire::Frame& frame) {
  drop_server_rest_ = !copy_run_ || copy_run_->is_preparing();
  if (drop_server_rest_) return;
  if (!frame.complete()) return to_client(frame);
  actions->to_client.append(told_of_copy(frame.raw, copy_names(), 0, ""));
}

CopyNames Conversation::copy_names() const {
  const policies::Decision& decision = copy_run_->plan->decision;
  return {decision.schema, decision.table_name, decision.constraint};
}

void Conversation::staged_complete(const wire::CommandTag& tag) {
  if (!copy_run_) return;
  CopyRun& run = *copy_run_;
  if (run.is_copying()) run.rows_read = tag.rows;
  if (run.completed == run.texts.before.size() + 1) run.rows_stored = tag.rows;
  ++run.completed;
  if (!run.is_over()) return;
  const policies::Decision& decision = run.plan->decision;
  ++statements_seen_;
  accounts().statement(*cells_, "COPY", run.extended);
  accounts().rewrite(*cells_, decision, "rewritten");
  if (decision.tag_counts_skipped_rows && run.rows_read > run.rows_stored) {
    accounts().absorbed(*cells_, decision, "up_front", run.rows_read - run.rows_stored);
  }
  checked_first_ = false;
  const bool all = decision.policy->report_rows == policies::ReportRows::Attempted;
  const std::uint64_t rows = all ? run.rows_read : run.rows_stored;
  actions->to_client.append(wire::make_command_complete("COPY " + std::to_string(rows)));
  copy_run_.reset();
}

void Conversation::staged_error(const wire::Frame& frame, const wire::ErrorResponse& error) {
  if (!copy_run_) return client_error(frame, error, queue_.front());
  if (may_copy_as_written(frame, error)) {
    drop_server_rest_ = true;
    copy_run_->error = frame.raw;
    if (!copy_run_->extended) return;  // at its ReadyForQuery
    send_copy_as_written(error.sqlstate);
    copy_run_.reset();
    return;
  }
  tell_staged_error(frame.complete() ? std::string(frame.raw) : std::string(), frame);
}

// Nothing of the client's was read yet and nothing of it depends on what failed.
bool Conversation::may_copy_as_written(const wire::Frame& frame, const wire::ErrorResponse& error) {
  return copy_run_->is_preparing() && !copy_run_->sent_ahead && status_ == 'I' &&
         frame.complete() && !is_interruption(error.sqlstate) &&
         queue_.back().origin == Origin::Staged;
}

// `raw`: the whole error; empty when it is too long to be read and goes out as it is.
void Conversation::tell_staged_error(std::string raw, const wire::Frame& frame) {
  const CopyRun& run = *copy_run_;
  const auto body = [&] { return raw.empty() ? frame.body : std::string_view(raw).substr(5); };
  const bool raised_inside = !wire::error_response(body()).where.empty();
  if (!raw.empty()) raw = error_of_copy(raw);
  const wire::ErrorResponse error = wire::error_response(body());
  if (!run.is_copying() && !raised_inside && is_fault_of_statement(error.sqlstate)) {
    suspend(run.plan->decision, error.sqlstate);
  }
  ++statements_seen_;
  accounts().error(*cells_, error.sqlstate);
  accounts().statement(*cells_, "COPY", run.extended);
  const std::string_view sql = run.sql;
  count_violation(error, Command::Copy, sql.size() > kExplainedTextMax ? std::string_view() : sql);
  raw.empty() ? to_client(frame) : actions->to_client.append(raw);
  copy_run_.reset();
}

// As the client's own statement would have said it.
std::string Conversation::error_of_copy(const std::string& raw) const {
  const CopyRun& run = *copy_run_;
  const wire::ErrorResponse error = wire::error_response(std::string_view(raw).substr(5));
  std::uint32_t position = 0;
  if (run.is_copying() && error.position > run.kept_at) {
    position = error.position - run.kept_at + run.kept_from;
  }
  std::string context;
  // A foreign key is checked behind all rows, by COPY too: without a CONTEXT.
  if (run.is_merging() && error.sqlstate != "23503" && !is_interruption(error.sqlstate)) {
    context = "COPY " + run.plan->decision.table_name + ", merging " +
              std::to_string(run.rows_read) + (run.rows_read == 1 ? " row" : " rows");
  }
  return told_of_copy(raw, copy_names(), position, context);
}

// True when the client's ReadyForQuery is yet to come.
bool Conversation::staged_ready(const wire::Frame& frame) {
  if (!copy_run_) return false;
  const std::string raw = std::move(copy_run_->error);
  if (raw.empty()) {
    copy_run_.reset();
    return false;
  }
  if (status_ == 'I' && queue_.empty() && !copy_run_->sent_ahead) {
    send_copy_as_written(wire::error_response(std::string_view(raw).substr(5)).sqlstate);
    copy_run_.reset();
    return true;
  }
  tell_staged_error(raw, frame);
  return false;
}

// The client's own COPY reads data, which shows that the staging table alone was at fault.
void Conversation::copy_begins_as_written(const ReplyDetail& detail) {
  suspend(detail.staging_failed->decision, detail.failed_with);
}

}  // namespace pgconcord::session
