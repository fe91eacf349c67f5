#include "proxy/cli/log_violations.h"

#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "metrics/application_name.h"
#include "parser/outline.h"
#include "parser/statement_text.h"
#include "proxy/cli/log_message.h"
#include "proxy/cli/planned_key.h"
#include "proxy/session/command_facts.h"
#include "proxy/session/violated_key.h"

namespace pgconcord::cli {
namespace {

using parser::Command;

// The word behind COPY, DELETE FROM [ONLY]: what the shape of a statement does not tell.
parser::RelationName relation_behind(std::string_view sql, std::string_view keyword) {
  const std::size_t at = sql.find_first_not_of(" \t\r\n");
  if (at == sql.npos || sql.size() < at + keyword.size()) return {};
  for (std::size_t i = 0; i < keyword.size(); ++i) {
    if ((sql[at + i] & ~0x20) != (keyword[i] & ~0x20)) return {};
  }
  return relation_at(sql.substr(at + keyword.size()));
}

}  // namespace

struct LogViolations::Written {
  Command command = Command::Other;
  parser::RelationName table;
  metrics::TemplateId statement;
  std::size_t rows = 0;
  policies::ShapeRef shape;
  const parser::Insert* insert = nullptr;  // of `shape`
};

// Inside a function the statement is not the one that was violated: the context tells so.
LogViolations::Written LogViolations::read(const LogEntry& entry) {
  Written written;
  const bool is_inner = !entry.context.empty() && !entry.context.starts_with("COPY ");
  if (is_inner || entry.statement.empty()) return written;
  written.command = parser::writing_command(entry.statement);
  parser::Outline outline;
  parser::outline(entry.statement, outline);
  written.statement = {outline.key.high, outline.key.low};
  if (written.command == Command::Copy) written.table = relation_behind(entry.statement, "copy ");
  if (written.command == Command::Delete) {
    written.table = relation_behind(entry.statement, "delete from ");
  }
  if (outline.statements.size() != 1) return written;
  written.rows = outline.statements[0].value_rows;
  written.shape = plans_.shape(entry.statement, outline);
  if (written.shape->statements.size() != 1) return written;
  if (const auto* update = std::get_if<parser::Update>(&written.shape->statements[0])) {
    written.table = update->table;
  }
  written.insert = std::get_if<parser::Insert>(&written.shape->statements[0]);
  if (written.insert != nullptr) written.table = written.insert->table;
  return written;
}

metrics::Evidence LogViolations::evidence_of(const LogEntry& entry, const Written& written,
                                             std::uint64_t key_hash) {
  if (!began_) began_ = entry.at;
  metrics::Evidence evidence;
  evidence.session = static_cast<std::uint32_t>(std::hash<std::string>{}(entry.session)) | 1U;
  evidence.now =
      std::max(entry.at - *began_, std::chrono::milliseconds(0)) + std::chrono::milliseconds(1);
  evidence.statement = session::facts_of(written.command).write;
  evidence.rows = written.rows;
  evidence.key_hash = key_hash;
  // Parameters are not in the text: only together with the key is it the same write.
  const std::uint64_t text = std::hash<std::string>{}(entry.statement);
  evidence.same_write =
      incidents_.recent_writes().note(text ^ key_hash, evidence.session, evidence.now);
  return evidence;
}

void LogViolations::take(const LogEntry& entry) {
  const auto named = named_violation(entry.message, entry.sqlstate);
  if (!named) {
    if (entry.sqlstate.empty() && !entry.is_english) ++not_understood_;
    return;
  }
  ++violations_;
  const Written written = read(entry);
  const std::string table = named->table.empty() ? written.table.name : named->table;
  // `*` = any schema, as policies take it: the log does not name it.
  const bool is_qualified = !written.table.schema.empty() && written.table.name == table;
  const std::string schema = table.empty() ? "" : is_qualified ? written.table.schema : "*";
  const metrics::ErrorFields fields{named->sqlstate, schema, table, named->constraint,
                                    named->column,   "",     ""};
  const auto violation = metrics::classify(fields, session::facts_of(written.command).write);
  if (!violation) return;
  const session::ViolatedKey key = session::violated_key(entry.detail, incidents_.hash_seed());
  metrics::Evidence evidence = evidence_of(entry, written, key.hash);
  if (written.insert != nullptr && !key.columns.empty()) {
    evidence.key_source = session::key_source(*written.insert, key.columns, nullptr);
  }
  std::string columns;
  for (const std::string& column : key.columns) columns += (columns.empty() ? "" : ", ") + column;
  std::string application = parser::commented_application(entry.statement);
  if (application.empty()) application = entry.application;
  application = metrics::application_label(application);
  const auto recorded = incidents_.record(
      {entry.database, application, *violation, written.statement, columns, "", evidence});
  if (recorded.wants_text && written.command != Command::Other) {
    incidents_.describe(recorded.group,
                        parser::text_without_values(entry.statement, metrics::Incidents::kTextMax));
  }
}

}  // namespace pgconcord::cli
