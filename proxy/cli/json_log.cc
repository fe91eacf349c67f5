#include "proxy/cli/json_log.h"

#include <nlohmann/json.hpp>

namespace pgconcord::cli {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return "";
  return found->get_ref<const std::string&>().substr(0, kLogFieldMax);
}

}  // namespace

// Only lines that can be violations are parsed: a gigabyte of JSON takes its time.
void JsonLogReader::take(std::string_view line) {
  if (line.find("\"state_code\":\"23") == std::string_view::npos) return;
  const Json object = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return;
  LogEntry entry;
  entry.at = log_time(text_of(object, "timestamp"));
  entry.database = text_of(object, "dbname");
  entry.session = text_of(object, "session_id");
  entry.sqlstate = text_of(object, "state_code");
  entry.message = text_of(object, "message");
  entry.detail = text_of(object, "detail");
  entry.context = text_of(object, "context");
  entry.statement = text_of(object, "statement");
  entry.application = text_of(object, "application_name");
  entry.is_english = text_of(object, "error_severity") == "ERROR";
  if (entry.sqlstate.starts_with("23")) take_(entry);
}

}  // namespace pgconcord::cli
