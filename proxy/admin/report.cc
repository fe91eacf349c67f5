#include "proxy/admin/report.h"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace pgconcord::admin {
namespace {

using Json = nlohmann::ordered_json;

std::string hexadecimal(metrics::TemplateId id) {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64 "%016" PRIx64, id.high, id.low);
  return text.data();
}

template <class Label, std::size_t kSize>
Json counts(const std::array<std::uint64_t, kSize>& numbers) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kSize; ++i) {
    if (numbers[i] > 0) json[std::string(metrics::label(static_cast<Label>(i)))] = numbers[i];
  }
  return json;
}

Json json_of(const metrics::IncidentGroup& group) {
  const metrics::Violation& violation = group.violation;
  return {{"database", group.database},
          {"schema", violation.schema},
          {"table", violation.table},
          {"constraint", violation.constraint},
          {"kind", violation.kind},
          {"statement", violation.statement},
          {"application", group.application},
          {"template", hexadecimal(group.statement)},
          {"text", group.text},
          {"key_columns", group.key_columns},
          {"sequence", group.sequence},
          {"count", group.count},
          {"causes", counts<metrics::Cause>(group.causes)},
          {"outcomes", counts<metrics::Outcome>(group.outcomes)},
          {"first_seen", utc(group.first_seen)},
          {"last_seen", utc(group.last_seen)}};
}

Json json_of(const PolicyEffect& effect) {
  return {{"name", effect.name},
          {"mode", effect.mode},
          {"suspended", effect.suspended},
          {"table", effect.table},
          {"constraint", effect.constraint},
          {"statement", effect.statement},
          {"action", effect.action},
          {"apply", effect.apply},
          {"rewritten", effect.rewritten},
          {"observed", effect.observed},
          {"absorbed", effect.absorbed},
          {"rewrite_errors", effect.errors},
          {"left_alone", effect.left_alone}};
}

Json json_of(const Suggestion& suggestion) {
  return {{"database", suggestion.database},
          {"schema", suggestion.schema},
          {"table", suggestion.table},
          {"constraint", suggestion.constraint},
          {"kind", suggestion.kind},
          {"count", suggestion.count},
          {"verdict", label(suggestion.verdict)},
          {"evidence", suggestion.evidence},
          {"advice", suggestion.advice},
          {"policy", suggestion.yaml},
          {"sql", suggestion.sql},
          {"cautions", suggestion.cautions}};
}

Json json_of(const metrics::SessionFacts& session) {
  return {{"id", session.id},
          {"database", session.database},
          {"user", session.user},
          {"application", session.application},
          {"backend_pid", session.backend_pid},
          {"state", metrics::label(session.state)},
          {"since", utc(session.since)},
          {"started", utc(session.started)},
          {"statements", session.statements},
          {"violations", session.violations},
          {"rewrites", session.rewrites}};
}

// Names come from the wire; what is not UTF-8 must not end the answer.
template <class Value>
std::string list_of(const char* key, const std::vector<Value>& values) {
  Json list = Json::array();
  for (const Value& value : values) list.push_back(json_of(value));
  const Json document = {{key, list}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string violations_json(const std::vector<metrics::IncidentGroup>& groups) {
  return list_of("violations", groups);
}

std::string policies_json(const std::vector<PolicyEffect>& effects) {
  return list_of("policies", effects);
}

std::string sessions_json(const std::vector<metrics::SessionFacts>& sessions) {
  return list_of("sessions", sessions);
}

std::string suggestions_json(const std::vector<Suggestion>& suggestions) {
  return list_of("suggestions", suggestions);
}

std::string utc(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace pgconcord::admin
