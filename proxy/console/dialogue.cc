#include "proxy/console/dialogue.h"

#include <algorithm>
#include <utility>

#include "parser/outline.h"
#include "proxy/console/messages.h"
#include "proxy/limits.h"
#include "proxy/wire/backend_messages.h"
#include "proxy/wire/bytes.h"
#include "proxy/wire/frontend_messages.h"
#include "proxy/wire/startup.h"

namespace pgconcord::console {
namespace {

constexpr std::string_view kReported[] = {  // NOLINT(modernize-avoid-c-arrays)
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "TimeZone",
    "session_authorization",
    "standard_conforming_strings"};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

bool ends_block(Kind kind) {
  return kind == Kind::Commit || kind == Kind::Rollback || kind == Kind::RollbackTo;
}

Refusal aborted() {
  return {"25P02",
          "current transaction is aborted, commands ignored until end of transaction block", "",
          ""};
}

std::string command_complete(const Statement& statement, const std::string& tag, std::size_t rows) {
  const bool counts = statement.kind == Kind::Tells && tag == "SELECT";
  return wire::make_command_complete(counts ? tag + " " + std::to_string(rows) : tag);
}

// Behind the names; nothing when it is not a Bind without parameters for so many columns.
std::optional<Formats> read_formats(std::string_view rest, std::size_t columns, bool& has_values) {
  wire::ByteReader reader(rest);
  const std::uint16_t parameter_formats = reader.u16();
  for (std::size_t i = 0; i < parameter_formats && reader.ok(); ++i) reader.u16();
  has_values = reader.u16() != 0;
  if (has_values || !reader.ok()) return std::nullopt;
  const std::uint16_t count = reader.u16();
  if (count > 1 && count != columns) return std::nullopt;
  Formats formats;
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    const std::uint16_t code = reader.u16();
    if (code > 1) return std::nullopt;
    formats.push_back(static_cast<Format>(code));
  }
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return formats;
}

}  // namespace

std::string Dialogue::greeting() const {
  std::string messages;
  for (const std::string_view name : kReported) {
    if (const auto value = setting(lower_case(name), who_)) {
      messages += make_parameter_status(name, *value);
    }
  }
  return messages;
}

void Dialogue::client_message(char type, std::string_view body) {
  if (skips_ && type != 'S' && type != 'X') return;
  switch (type) {
    case 'Q':
      return query(body);
    case 'P':
      return parse(body);
    case 'B':
      return bind(body);
    case 'D':
      return describe(body);
    case 'E':
      return execute(body);
    case 'C':
      return close(body);
    case 'S':
      return sync();
    case 'F':
      return function_call();
    case 'X':
      ended_ = true;
      return;
    default:  // Flush, and what is left of a COPY that there never was (protocol.md 4.15)
      return;
  }
}

void Dialogue::answered(const Answer& answer) {
  waits_ = false;
  if (!answer) return fail(answer.error());
  if (script_) {
    const Statement& statement = script_->statements[script_->next++];
    if (!statement.columns.empty()) out_ += row_description(statement.columns, {});
    send_rows(statement, *answer);
    return run_script();
  }
  const auto portal = portals_.find(executing_);
  if (portal == portals_.end()) return;
  portal->second.rows = *answer;
  go_on(portal->second);
}

void Dialogue::query(std::string_view body) {
  script_ = Script{};
  const auto sql = wire::query_text(body);
  if (!sql) return fail_protocol("Query");
  parser::Outline outline;
  parser::outline(*sql, outline);
  // As the server: nothing is run when any of them cannot be read.
  for (const parser::StatementSpan& span : outline.statements) {
    auto statement = read_statement(sql->substr(span.begin, span.end - span.begin), who_);
    if (!statement) return fail(statement.error());
    script_->statements.push_back(*std::move(statement));
  }
  if (script_->statements.empty()) out_ += make_bare('I');
  run_script();
}

void Dialogue::run_script() {
  while (script_->next < script_->statements.size()) {
    const Statement& statement = script_->statements[script_->next];
    if (!begin(statement)) return;
    if (statement.kind == Kind::Asks) return ask(statement.question);
    if (!statement.columns.empty()) out_ += row_description(statement.columns, {});
    send_rows(statement, statement.rows);
    ++script_->next;
  }
  script_.reset();
  ready();
}

// False when it failed.
bool Dialogue::begin(const Statement& statement) {
  if (status_ == 'E' && !ends_block(statement.kind)) {
    fail(aborted());
    return false;
  }
  if (statement.kind == Kind::RollbackTo && status_ == 'I') {
    fail({"25P01", "ROLLBACK TO SAVEPOINT can only be used in transaction blocks", "", ""});
    return false;
  }
  if (statement.kind == Kind::Deallocate && !statement.name.empty() &&
      !statements_.contains(wire::significant(statement.name))) {
    fail({"26000", "prepared statement \"" + statement.name + "\" does not exist", "", ""});
    return false;
  }
  return true;
}

// Its tag.
std::string Dialogue::effect_of(const Statement& statement) {
  const char before = status_;
  switch (statement.kind) {
    case Kind::Begin:
      status_ = 'T';
      break;
    case Kind::Commit:
    case Kind::Rollback:
      status_ = 'I';
      if (before == 'E') return "ROLLBACK";
      break;
    case Kind::RollbackTo:
      status_ = 'T';
      break;
    case Kind::Deallocate:
      if (statement.name.empty()) {
        statements_.clear();
      } else {
        statements_.erase(std::string(wire::significant(statement.name)));
      }
      break;
    case Kind::Nothing:
      if (statement.tag == "DISCARD ALL") statements_.clear();
      break;
    case Kind::Empty:
    case Kind::Asks:
    case Kind::Tells:
      break;
  }
  return statement.tag;
}

void Dialogue::send_rows(const Statement& statement, const Rows& rows) {
  for (const Row& row : rows) out_ += data_row(row, statement.columns, {});
  out_ += command_complete(statement, effect_of(statement), rows.size());
}

void Dialogue::parse(std::string_view body) {
  batch_open_ = true;
  const auto message = wire::parse_message(body);
  if (!message) return fail_protocol("Parse");
  const std::string name(wire::significant(message->statement));
  parser::Outline outline;
  parser::outline(message->sql, outline);
  if (outline.statements.size() > 1) {
    return fail({"42601", "cannot insert multiple commands into a prepared statement", "", ""});
  }
  auto statement = read_statement(
      outline.statements.empty()
          ? std::string_view()
          : message->sql.substr(outline.statements[0].begin,
                                outline.statements[0].end - outline.statements[0].begin),
      who_);
  if (!statement) return fail(statement.error());
  if (status_ == 'E' && !ends_block(statement->kind)) return fail(aborted());
  if (!name.empty() && statements_.contains(name)) {
    return fail({"42P05", "prepared statement \"" + name + "\" already exists", "", ""});
  }
  if (statements_.size() >= kConsoleNamesMax && !statements_.contains(name)) {
    return fail({"54000", "too many prepared statements", "", "Close some, or connect again."});
  }
  statements_[name] = std::make_shared<const Statement>(*std::move(statement));
  out_ += make_bare('1');
}

void Dialogue::bind(std::string_view body) {
  batch_open_ = true;
  const auto names = wire::bind_names(body);
  if (!names) return fail_protocol("Bind");
  const auto found = statements_.find(wire::significant(names->statement));
  if (found == statements_.end()) {
    return fail({"26000", "prepared statement does not exist", "", ""});
  }
  if (status_ == 'E' && !ends_block(found->second->kind)) return fail(aborted());
  bool has_values = false;
  auto formats = read_formats(body.substr(names->size), found->second->columns.size(), has_values);
  if (has_values) {
    return fail({"08P01", "the console's statements have no parameters", "",
                 "Write values into the text of the statement."});
  }
  if (!formats) return fail_protocol("Bind");
  const std::string portal(wire::significant(names->portal));
  if (!portal.empty() && portals_.contains(portal)) {
    return fail({"42P03", "cursor \"" + portal + "\" already exists", "", ""});
  }
  if (portals_.size() >= kConsoleNamesMax && !portals_.contains(portal)) {
    return fail({"54000", "too many portals", "", "Close some, or end the transaction."});
  }
  portals_[portal] = Portal{found->second, *std::move(formats), {}, 0, false};
  out_ += make_bare('2');
}

void Dialogue::describe(std::string_view body) {
  batch_open_ = true;
  const auto object = wire::named_object(body);
  if (!object) return fail_protocol("Describe");
  const std::string_view name = wire::significant(object->name);
  const Statement* statement = nullptr;
  Formats formats;
  if (object->kind == 'S') {
    const auto found = statements_.find(name);
    if (found == statements_.end()) {
      return fail({"26000", "prepared statement does not exist", "", ""});
    }
    statement = found->second.get();
    out_ += make_no_parameters();
  } else {
    const auto found = portals_.find(name);
    if (found == portals_.end()) return fail({"34000", "portal does not exist", "", ""});
    statement = found->second.statement.get();
    formats = found->second.formats;
  }
  out_ +=
      statement->columns.empty() ? make_bare('n') : row_description(statement->columns, formats);
}

void Dialogue::execute(std::string_view body) {
  batch_open_ = true;
  const auto message = wire::execute_message(body);
  if (!message) return fail_protocol("Execute");
  const auto found = portals_.find(wire::significant(message->portal));
  if (found == portals_.end()) return fail({"34000", "portal does not exist", "", ""});
  Portal& portal = found->second;
  const Statement& statement = *portal.statement;
  if (statement.kind == Kind::Empty) {
    out_ += make_bare('I');
    return;
  }
  row_limit_ = message->row_limit;
  if (portal.has_run) return go_on(portal);
  if (!begin(statement)) return;
  portal.has_run = true;
  executing_ = found->first;
  if (statement.kind == Kind::Asks) return ask(statement.question);
  portal.rows = statement.rows;
  go_on(portal);
}

// From where the last Execute stopped.
void Dialogue::go_on(Portal& portal) {
  const Statement& statement = *portal.statement;
  const std::size_t left = portal.rows.size() - portal.next_row;
  const std::size_t count = row_limit_ == 0 ? left : std::min<std::size_t>(row_limit_, left);
  for (std::size_t i = 0; i < count; ++i) {
    out_ += data_row(portal.rows[portal.next_row++], statement.columns, portal.formats);
  }
  if (row_limit_ != 0 && count == row_limit_) {
    out_ += make_bare('s');
    return;
  }
  out_ += command_complete(statement, effect_of(statement), count);
}

void Dialogue::close(std::string_view body) {
  batch_open_ = true;
  const auto object = wire::named_object(body);
  if (!object) return fail_protocol("Close");
  const std::string name(wire::significant(object->name));
  if (object->kind == 'S') {
    statements_.erase(name);
  } else {
    portals_.erase(name);
  }
  out_ += make_bare('3');
}

void Dialogue::sync() {
  skips_ = batch_open_ = false;
  ready();
}

void Dialogue::function_call() {
  script_ = Script{};  // it is answered like a Query
  fail({"0A000", "the console has no functions", "", "Use SHOW HELP for a list."});
}

void Dialogue::ask(const Question& question) {
  question_ = question;
  waits_ = true;
}

void Dialogue::fail(const Refusal& refusal) {
  out_ += make_error(refusal);
  if (status_ == 'T') status_ = 'E';
  if (!script_) {
    skips_ = true;
    return;
  }
  script_.reset();
  ready();
}

void Dialogue::fail_protocol(std::string_view what) {
  fail({"08P01", "invalid " + std::string(what) + " message", "", ""});
}

void Dialogue::ready() {
  if (status_ == 'I') portals_.clear();
  out_ += wire::make_ready(status_);
}

}  // namespace pgconcord::console
