#include "proxy/admin/console_answers.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "policies/reason.h"
#include "proxy/admin/suggestion.h"

namespace pgconcord::admin {
namespace {

using console::Row;
using console::Rows;
using console::Topic;
using console::Value;
using Json = nlohmann::ordered_json;

Value count(std::uint64_t number) { return static_cast<std::int64_t>(number); }
Value count(double number) { return std::int64_t{std::llround(number)}; }
Value text(std::string_view value) { return std::string(value); }

// In the order of the columns, not of the enumeration.
constexpr std::array kCauses = {metrics::Cause::SequenceDrift, metrics::Cause::Race,
                                metrics::Cause::RepeatedImport, metrics::Cause::RepeatedWrite,
                                metrics::Cause::Unknown};
constexpr std::array kOutcomes = {metrics::Outcome::Recovered, metrics::Outcome::RolledBack,
                                  metrics::Outcome::Autocommit};

Rows violations(const Sources& sources) {
  Rows rows;
  for (const metrics::IncidentGroup& group : sources.violations()) {
    const metrics::Violation& violation = group.violation;
    Row row{group.database,       violation.schema,     violation.table,
            violation.constraint, text(violation.kind), text(violation.statement),
            group.application,    count(group.count)};
    for (const auto cause : kCauses) {
      row.push_back(count(group.causes[static_cast<std::size_t>(cause)]));
    }
    for (const auto outcome : kOutcomes) {
      row.push_back(count(group.outcomes[static_cast<std::size_t>(outcome)]));
    }
    row.insert(row.end(), {group.first_seen, group.last_seen, group.text});
    rows.push_back(std::move(row));
  }
  return rows;
}

Rows policies(const Sources& sources) {
  Rows rows;
  for (const PolicyEffect& effect : sources.policies()) {
    double left_alone = 0;
    for (const auto& [reason, number] : effect.left_alone) left_alone += number;
    rows.push_back({effect.name, effect.mode, effect.suspended, effect.table, effect.constraint,
                    effect.statement, effect.action, effect.apply, count(effect.rewritten),
                    count(effect.observed), count(effect.absorbed), count(effect.errors),
                    count(left_alone)});
  }
  return rows;
}

Rows rewrites(const Sources& sources) {
  Rows rows;
  for (const RewriteCount& each : sources.rewrites()) {
    rows.push_back(
        {each.policy, each.database, each.schema, each.table, each.result, count(each.count)});
  }
  return rows;
}

std::string_view explanation_of(std::string_view label) {
  for (std::size_t i = 0; i < policies::kReasonCount; ++i) {
    const auto reason = static_cast<policies::Reason>(i);
    if (policies::label(reason) == label) return policies::explanation(reason);
  }
  return {};
}

Rows left_alone(const Sources& sources) {
  Rows rows;
  for (const PolicyEffect& effect : sources.policies()) {
    for (const auto& [reason, number] : effect.left_alone) {
      rows.push_back({effect.name, reason, count(number), text(explanation_of(reason))});
    }
  }
  return rows;
}

std::string lines(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& each : texts) joined += (joined.empty() ? "" : "\n") + each;
  return joined;
}

Rows suggestions(const Sources& sources) {
  Rows rows;
  for (const Suggestion& each : admin::suggestions(sources.violations())) {
    rows.push_back({each.database, each.schema, each.table, each.constraint, each.kind,
                    count(each.count), text(label(each.verdict)), each.evidence, each.advice,
                    each.yaml, each.sql, lines(each.cautions)});
  }
  return rows;
}

Rows sessions(const Sources& sources) {
  Rows rows;
  for (const metrics::SessionFacts& each : sources.sessions()) {
    rows.push_back({count(each.id), each.database, each.user, each.application,
                    text(metrics::label(each.state)), each.since, each.started,
                    count(each.statements), count(each.violations), count(each.rewrites),
                    std::int64_t{each.backend_pid}});
  }
  return rows;
}

std::string_view kind_of(policies::IndexKind kind) {
  switch (kind) {
    case policies::IndexKind::PrimaryKey:
      return "primary key";
    case policies::IndexKind::Unique:
      return "unique";
    case policies::IndexKind::UniqueIndex:
      return "unique index";
    case policies::IndexKind::Exclusion:
      return "exclusion";
  }
  return {};
}

Rows catalog(const Sources& sources) {
  Rows rows;
  for (const policies::CatalogCache::Known& known : sources.catalogs()) {
    for (const policies::Table& table : known.catalog->tables()) {
      for (const policies::UniqueIndex& index : table.indexes) {
        rows.push_back({known.database, known.catalog->role(), table.schema, table.name, index.name,
                        text(kind_of(index.kind)), index.elements, index.immediate,
                        index.valid && index.ready, known.stale});
      }
    }
  }
  return rows;
}

// `/policies/0/name` -> `policies[0].name`
std::string dotted(const std::string& pointer) {
  std::string path;
  std::size_t begin = 1;
  while (begin <= pointer.size()) {
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    const std::string part = pointer.substr(begin, end - begin);
    const bool is_index = !part.empty() && part.find_first_not_of("0123456789") == part.npos;
    if (is_index) {
      path += "[" + part + "]";
    } else {
      path += (path.empty() ? "" : ".") + part;
    }
    begin = end + 1;
  }
  return path;
}

std::string plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Rows config(const Sources& sources) {
  Rows rows;
  const Json json = Json::parse(sources.configuration(), nullptr, false);
  if (!json.is_object()) return rows;
  const Json flat = json.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    const bool is_empty_list = value.is_null();  // as flatten() writes it
    rows.push_back({dotted(pointer), is_empty_list ? Value(std::string("[]")) : plain(value)});
  }
  return rows;
}

Rows version(const Sources& sources) {
  const Json json = Json::parse(sources.version_json, nullptr, false);
  Row row;
  for (const console::Column& column : console::columns_of(Topic::Version)) {
    const bool is_known = json.is_object() && json.contains(column.name);
    row.push_back(is_known ? Value(plain(json[column.name])) : Value());
  }
  return {row};
}

console::Answer explained(const std::string& sql, const Sources& sources) {
  const auto explained = sources.explain({sql, "", "", ""});
  if (!explained) {
    return tl::unexpected(console::Refusal{"58000", explained.error(), "", "Try again shortly."});
  }
  Rows rows;
  for (std::size_t i = 0; i < explained->size(); ++i) {
    const ExplainedStatement& each = (*explained)[i];
    const Value number = count(std::uint64_t{i + 1});
    const Value none;
    for (const ExplainedOutcome& outcome : each.outcomes) {
      const auto or_null = [&](const std::string& value) { return value.empty() ? none : value; };
      rows.push_back({number, each.original, outcome.moment, or_null(outcome.violated),
                      outcome.policy, outcome.mode, outcome.action, outcome.result,
                      or_null(outcome.sql), or_null(outcome.tag), or_null(outcome.reason),
                      or_null(outcome.explanation)});
    }
    if (!each.outcomes.empty()) continue;
    const std::string why = each.unread.empty() ? "no policy concerns it" : each.unread;
    rows.push_back({number, each.original, none, none, none, none, none, std::string("forwarded"),
                    none, none, none, why});
  }
  return rows;
}

std::string places(const policies::ConfigErrors& errors) {
  std::string text;
  for (const policies::ConfigError& each : errors) {
    text += (text.empty() ? "" : "\n") + each.file + ":" + std::to_string(each.line) + ": " +
            each.message;
  }
  return text;
}

std::string sqlstate_of(policies::Obstacle obstacle) {
  switch (obstacle) {
    case policies::Obstacle::NoSuchPolicy:
      return "42704";  // undefined_object
    case policies::Obstacle::AboveCeiling:
      return "22023";  // invalid_parameter_value
    case policies::Obstacle::Invalid:
      return "F0000";  // config_file_error
    case policies::Obstacle::Unavailable:
      return "57P03";  // cannot_connect_now
  }
  return "58000";
}

console::Answer changed(const policies::Change& change) {
  if (change) return Rows{};
  const policies::ChangeRefusal& refusal = change.error();
  return tl::unexpected(console::Refusal{sqlstate_of(refusal.obstacle), refusal.message,
                                         places(refusal.errors), refusal.help});
}

console::Answer set_policy(const console::Question& question, const Sources& sources) {
  const auto mode = policies::mode_named(question.mode);
  if (!mode) return changed(tl::unexpected(mode.error()));
  return changed(sources.set_mode(question.text, *mode));
}

}  // namespace

console::Answer console_answer(const console::Question& question, const Sources& sources) {
  switch (question.topic) {
    case Topic::Violations:
      return violations(sources);
    case Topic::Policies:
      return policies(sources);
    case Topic::Rewrites:
      return rewrites(sources);
    case Topic::LeftAlone:
      return left_alone(sources);
    case Topic::Suggestions:
      return suggestions(sources);
    case Topic::Sessions:
      return sessions(sources);
    case Topic::Catalog:
      return catalog(sources);
    case Topic::Config:
      return config(sources);
    case Topic::Version:
      return version(sources);
    case Topic::Explain:
      return explained(question.text, sources);
    case Topic::Reload:
      return changed(sources.reload());
    case Topic::SetPolicy:
      return set_policy(question, sources);
  }
  return Rows{};
}

}  // namespace pgconcord::admin
