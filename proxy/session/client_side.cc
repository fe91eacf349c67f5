// What is done with each message of the client: names are remembered, expected replies noted, bytes
// forwarded. INSERTs that a policy may concern take the way through candidate.cc.
#include <algorithm>
#include <utility>

#include "parser/command.h"
#include "parser/session_effects.h"
#include "proxy/limits.h"
#include "proxy/session/conversation.h"
#include "proxy/session/text_search.h"

namespace pgconcord::session {

using parser::Command;

namespace {

bool renames_statements(const std::vector<Command>& commands) {
  return std::any_of(commands.begin(), commands.end(), [](Command command) {
    return command == Command::Deallocate || command == Command::Discard ||
           command == Command::Prepare;
  });
}

// What is seen of a long text is its start; behind a long comment that says nothing.
StatementRef start_of_statement(std::string_view name, std::string_view text) {
  const Command command = parser::leading_command(text);
  const bool is_hidden = command == Command::Empty || command == Command::Other;
  return is_hidden ? unseen_statement(name) : plain_statement(command);
}

}  // namespace

bool may_copy(const Expected& query) {
  if (!query.detail || query.detail->commands.empty()) return query.command == Command::Copy;
  const auto& commands = query.detail->commands;
  return std::find(commands.begin(), commands.end(), Command::Copy) != commands.end();
}

bool Conversation::client_frame(const wire::Frame& frame) {
  client_frame_whole_ = frame.whole;
  if (phase == Phase::Authenticating) {
    if (frame.type == 'p') {
      --auth_due_;
      login_ ? login_answer(frame) : to_server(frame);
    } else {
      fail({"08P01", "expected a password or authentication message", "", ""}, "protocol");
    }
    return true;
  }
  if (skips_cancelled_ && frame.type != 'X') {
    skip_cancelled(frame);
    return true;
  }
  if (group_) {
    if (group_takes(frame)) return true;
    if (!end_group(frame.type)) return false;
    if (frame.type == 'S') return client_sync(frame);
    if (frame.type == 'H') {
      to_server(frame);
      return true;
    }
  }
  overtake_replay();
  if (queue_.skipping() && frame.type != 'S' && frame.type != 'X') {
    // The server discards it unread: it changes no name and nothing answers it (4.2).
    to_server(frame);
    return true;
  }
  return client_message(frame);
}

bool Conversation::client_message(const wire::Frame& frame) {
  switch (frame.type) {
    case 'Q':
      return client_query(frame);
    case 'P':
      return client_parse(frame);
    case 'B':
      return client_bind(frame);
    case 'S':
      return client_sync(frame);
    case 'D':
      client_describe(frame);
      return true;
    case 'E':
      return client_execute(frame);
    case 'C':
      client_close(frame);
      return true;
    case 'H':
      // Ignored by the server during COPY FROM STDIN; a Flush is never counted, so it may pass at
      // any time (4.11).
      to_server(frame);
      return true;
    case 'F':
      guard_.other();
      expect({Reply::FunctionCall, Origin::Client, Command::Other, false});
      to_server(frame);
      return true;
    case 'd':
      copy_sync_ = false;
      if (copy_run_ && copy_run_->is_preparing()) copy_run_->sent_ahead = true;
      to_server(frame);
      return true;
    case 'c':
    case 'f':
      copy_sync_ = false;
      if (copy_run_ && copy_run_->is_preparing()) copy_run_->sent_ahead = true;
      // Sent ahead of the server's CopyInResponse: noted where it stands.
      if (copy_in_ != CopyIn::Running && !queue_.empty() && queue_.back().copy_ends < 0xFFFF) {
        ++queue_.back().copy_ends;
      }
      copy_in_ = CopyIn::No;
      to_server(frame);
      if (copy_run_ && frame.type == 'c') send_merge();
      return true;
    case 'X':
      client_ended_ = true;
      to_server(frame);
      return true;
    default:
      to_server(frame);
      return true;
  }
}

// Nothing answers a message that the server skips after an error (4.2).
void Conversation::expect(Expected&& expected) {
  const bool ends_ready = expected.reply == Reply::Sync || expected.reply == Reply::Query ||
                          expected.reply == Reply::FunctionCall;
  if (queue_.skipping() && expected.reply != Reply::Sync) return;
  if (ends_ready) ++readies_due_;
  queue_.push(std::move(expected));
}

bool Conversation::client_query(const wire::Frame& frame) {
  const auto text = wire::query_text(frame.body);
  const std::string_view sql = text.value_or(frame.body);
  Expected expected{Reply::Query, Origin::Client, parser::writing_command(sql), false};
  if (frame.complete() && text) {
    split_statements(sql, expected);
    if (is_write(expected.command)) note_write(sql);
    if (!expected.detail) {
      forget_renamed(expected.command, sql);
    } else if (renames_statements(expected.detail->commands)) {
      statements_.lose();  // some of them
    }
    if (scope_) {
      const Sent sent = query_of_candidate(sql, expected);
      if (sent == Sent::Blocked) return false;
      if (sent == Sent::Yes) return true;
    }
  } else if (scope_ && expected.command == Command::Insert) {
    count_refusal(sql, policies::Reason::TooLarge);
  }
  // Any simple Query destroys the unnamed statement and portal (4.7).
  statements_.forget("");
  portals_.forget("");
  if (may_copy(expected) || !frame.complete()) copy_starts(expected);
  expect(std::move(expected));
  to_server(frame);
  return true;
}

// Statements of one Query, so that an error is attributed to the right one. Only a text with a `;`
// inside is looked at.
void Conversation::split_statements(std::string_view sql, Expected& expected) {
  const std::size_t semicolon = sql.find(';');
  if (semicolon == std::string_view::npos ||
      sql.find_first_not_of(" \t\r\n;", semicolon) == std::string_view::npos) {
    return;
  }
  parser::Outline& outline = work().outline;
  parser::outline(sql, outline);
  if (outline.statements.size() < 2) return;
  auto detail = std::make_unique<ReplyDetail>();
  for (const auto& statement : outline.statements) detail->commands.push_back(statement.command);
  expected.detail = std::move(detail);
}

bool Conversation::client_parse(const wire::Frame& frame) {
  std::string name;
  StatementRef before;
  if (const auto message = frame.complete() ? wire::parse_message(frame.body) : std::nullopt) {
    const Command command = parser::writing_command(message->sql);
    name = wire::significant(message->statement);
    if (!name.empty()) before = statements_.confirmed(name);
    remember_statement(message->statement, statement_of(*message, command));
  } else {
    // Too long to be read, or malformed, which the server will tell.
    const std::size_t end = std::min(frame.body.find('\0'), frame.body.size());
    const std::string_view text = frame.body.substr(std::min(end + 1, frame.body.size()));
    name = wire::significant(frame.body.substr(0, end));
    StatementRef statement = start_of_statement(name, text);
    if (scope_ && statement->command == Command::Insert) {
      count_refusal(text, policies::Reason::TooLarge);
    }
    remember_statement(name, std::move(statement));
  }
  Expected expected{Reply::Parse, Origin::Client, Command::Other, true};
  if (!name.empty()) {
    expected.detail = std::make_unique<ReplyDetail>();
    expected.detail->name = std::move(name);
    expected.detail->before = std::move(before);
  }
  batch_open_ = true;
  expect(std::move(expected));
  to_server(frame);
  return true;
}

// A Parse that the server skips after an error changes nothing (4.2). nullptr = the name's meaning
// is not known.
void Conversation::remember_statement(std::string_view name, StatementRef statement) {
  if (queue_.skipping()) return;
  if (statement) {
    statements_.announce(name, std::move(statement), settings_->config.limits.prepared_statements,
                         batch_number_);
  } else {
    statements_.forget(name);
  }
}

// Names live in one space with those of SQL's PREPARE: what it or DEALLOCATE touches is no longer
// what we saw parsed.
void Conversation::forget_renamed(Command command, std::string_view sql) {
  if (command == Command::Discard) return statements_.clear();
  if (command != Command::Deallocate && command != Command::Prepare) return;
  const std::string name = parser::prepared_name(sql);
  name.empty() ? statements_.clear() : statements_.forget(name);
}

// What is kept of a Parse: its text only where a policy may want it.
StatementRef Conversation::statement_of(const wire::ParseMessage& message, Command command) const {
  if (!scope_) return written_statement(message, command);
  const bool changes = scope_->enforces() && scope_->may_change_names(message.sql);
  const bool keep = command == Command::Deallocate || command == Command::Prepare ||
                    may_concern_policy(command, message.sql) ||
                    may_concern_copy(command, message.sql);
  const bool looks_up = command == Command::Select && message.sql.size() <= kGuardTextMax;
  if (!keep && !changes && !looks_up) return written_statement(message, command);
  ClientStatement statement{command, changes, changes && may_change_role(message.sql), {}, {}, {}};
  if (looks_up) statement.look_up = message.sql;
  statement.changes_lexing = changes && may_change_lexing(command, message.sql);
  if (keep) {
    statement.sql = message.sql;
    statement.parameter_types = message.parameter_types;
  }
  if (is_write(command)) statement.excerpt = message.sql.substr(0, kExplainedTextMax + 1);
  return std::make_shared<const ClientStatement>(std::move(statement));
}

// A statement no policy concerns. Clients that parse the same text again and again under one name
// keep the one there is.
StatementRef Conversation::written_statement(const wire::ParseMessage& message,
                                             Command command) const {
  if (!is_write(command)) return plain_statement(command);
  const std::string_view excerpt = message.sql.substr(0, kExplainedTextMax + 1);
  const StatementRef* known = statements_.find(message.statement);
  if (known != nullptr && *known && (*known)->command == command && (*known)->sql.empty() &&
      !(*known)->changes_names && (*known)->excerpt == excerpt) {
    return *known;
  }
  ClientStatement statement{command, false, false, {}, {}, std::string(excerpt)};
  return std::make_shared<const ClientStatement>(std::move(statement));
}

bool Conversation::client_bind(const wire::Frame& frame) {
  const auto names = wire::bind_names(frame.body);
  const StatementRef statement =
      names ? statements_.meaning(names->statement) : plain_statement(Command::Other);
  if (names && !queue_.skipping()) {
    portals_.set(names->portal, statement, settings_->config.limits.prepared_statements);
    take_rewritten(names->portal);  // what it was bound to before is gone (4.7)
  }
  if (names && !statement->excerpt.empty() && statement->command == Command::Insert &&
      frame.complete() && frame.body.size() <= kExplainedTextMax) {
    note_bound_write(*statement, frame.body.substr(names->size));
  }
  const bool candidate = scope_ && names && is_candidate(*statement) && !queue_.skipping() &&
                         !(status_ == 'E' && queue_.empty());
  if (candidate && statements_.doubtful(names->statement, batch_number_)) {
    // It was parsed anew in an earlier batch, which may still fail: then the name means to the
    // server what it meant before (4.7).
    count_refusal(statement->sql, policies::Reason::Pipeline);
  } else if (candidate) {
    if (holds_binds() && frame.complete()) {
      hold_bind(frame, statement, names->portal);
      return true;
    }
    return bind_in_pipeline(frame, *names, statement);
  }
  batch_open_ = true;
  expect({Reply::Bind, Origin::Client, Command::Other, true});
  to_server(frame);
  return true;
}

void Conversation::client_describe(const wire::Frame& frame) {
  const auto object = wire::named_object(frame.body);
  const Reply reply =
      object && object->kind == 'S' ? Reply::DescribeStatement : Reply::DescribePortal;
  batch_open_ = true;
  expect({reply, Origin::Client, Command::Other, true});
  to_server(frame);
}

bool Conversation::client_execute(const wire::Frame& frame) {
  const auto message = wire::execute_message(frame.body);
  const StatementRef statement =
      message ? portals_.meaning(message->portal) : plain_statement(Command::Other);
  Expected expected{Reply::Execute, Origin::Client, statement->command, true};
  if (!statement->excerpt.empty() || statement->unseen) expected.write = statement;
  if (statement->command == Command::Copy) {
    const bool under_policy = scope_ && message && !statement->sql.empty();
    const Sent sent = under_policy ? execute_of_copy(message->portal, *statement) : Sent::No;
    drop_client_rest_ = sent == Sent::Yes;
    if (sent != Sent::No) return sent == Sent::Yes;
  }
  if (statement->command == Command::Copy || statement->unseen) copy_starts(expected);
  if (scope_) {
    if (message) expected.detail = executed_rewritten(message->portal);
    if (!expected.detail && !statement->sql.empty()) {
      expected.detail = std::make_unique<ReplyDetail>();
      expected.detail->statement = statement;
      expected.detail->guarded = guards(statement->sql);
    }
    note_effects(*statement);
    note_guard(statement->command,
               alone_in_batch() ? std::string_view(statement->look_up) : std::string_view());
    forget_renamed(statement->command, statement->sql);
  }
  batch_open_ = batch_executed_ = true;
  expect(std::move(expected));
  to_server(frame);
  return true;
}

void Conversation::client_close(const wire::Frame& frame) {
  const auto object = wire::named_object(frame.body);
  Expected expected{Reply::Close, Origin::Client, Command::Other, true};
  if (object && object->kind == 'S') {
    if (StatementRef before = statements_.confirmed(object->name); scope_ && before) {
      expected.detail = std::make_unique<ReplyDetail>();
      expected.detail->name = wire::significant(object->name);
      expected.detail->before = std::move(before);
    }
    remember_statement(object->name, nullptr);
  } else if (object && !queue_.skipping()) {
    portals_.forget(object->name);
    take_rewritten(object->name);
  }
  batch_open_ = true;
  expect(std::move(expected));
  to_server(frame);
}

// How many ReadyForQuery a Sync behind it earns depends on what the COPY turns out to be (4.31).
void Conversation::copy_starts(Expected& expected) {
  if (queue_.skipping()) return;
  expected.starts_copy = true;
  ++copies_starting_;
  copy_in_ = CopyIn::Starting;
}

bool Conversation::client_sync(const wire::Frame& frame) {
  if (copy_in_ == CopyIn::Starting) {
    blocked = Blocked::CopyStart;
    // Only CopyInResponse and errors are sent by the server on its own; what else the statement may
    // turn out to be it would keep back until a Sync.
    drop_client_rest_ = false;
    actions->to_server.append(wire::make_flush());
    return false;
  }
  if (copy_in_ == CopyIn::Running) {
    drop_client_rest_ = true;
    return true;
  }
  copy_sync_ = false;
  batch_open_ = batch_executed_ = false;
  ++batch_number_;
  rewritten_.clear();
  expect({Reply::Sync, Origin::Client, Command::Other, true});
  to_server(frame);
  return true;
}

// `look_up`: the text of a SELECT that stands alone in autocommit, else empty.
void Conversation::note_guard(Command command, std::string_view look_up) {
  if (command == Command::Savepoint) {
    ++savepoints_;
    guard_.savepoint();
  } else if (command == Command::Begin) {
    guard_.begin();
  } else if (!look_up.empty()) {
    guard_.look_up(look_up);
  } else {
    guard_.other();
  }
}

// What a statement may do to the session's idea of names, roles and the catalog (6.3 to 6.6).
void Conversation::note_effects(const ClientStatement& statement) {
  if (statement.command == Command::Ddl) ddl_seen_ = true;
  if (!scope_) return;
  if (statement.changes_names) scope_->names_changed(status_ != 'I' || !queue_.empty());
  if (statement.changes_role) scope_->forget_role();
  lexing_in_doubt_ = lexing_in_doubt_ || statement.changes_lexing;
}

}  // namespace pgconcord::session
