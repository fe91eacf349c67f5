#include "proxy/admin/statement_form.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace pgconcord::admin {
namespace {

constexpr std::string_view kExpected =
    R"(post {"sql": "INSERT ...", "database": "", "user": "", "application": ""} as )"
    "application/json, or the statement itself as text/plain";

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// application/x-www-form-urlencoded; what is no escape stays as it is.
std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_two = text[i] == '%' && i + 2 < text.size();
    const int high = has_two ? hexadecimal(text[i + 1]) : -1;
    const int low = has_two ? hexadecimal(text[i + 2]) : -1;
    if (high >= 0 && low >= 0) {
      result += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      result += text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

std::string* field_named(ExplainRequest& request, std::string_view name) {
  if (name == "sql") return &request.sql;
  if (name == "database") return &request.database;
  if (name == "user") return &request.user;
  return name == "application" ? &request.application : nullptr;
}

ExplainRequest read_form(std::string_view body) {
  ExplainRequest request;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('&'), body.size());
    const std::string_view pair = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    const std::size_t equals = pair.find('=');
    std::string* field = field_named(request, pair.substr(0, equals));
    if (field == nullptr || equals == std::string_view::npos) continue;
    *field = decoded(pair.substr(equals + 1));
  }
  return request;
}

ExplainRequest read_json(std::string_view body) {
  ExplainRequest request;
  const nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return request;
  for (const auto& [name, value] : json.items()) {
    std::string* field = field_named(request, name);
    if (field != nullptr && value.is_string()) *field = value.get<std::string>();
  }
  return request;
}

}  // namespace

tl::expected<StatementAsked, std::string> read_statement(std::string_view content_type,
                                                         std::string_view body) {
  StatementAsked asked;
  if (content_type.starts_with("application/x-www-form-urlencoded")) {
    asked.request = read_form(body);
    asked.from_form = true;
  } else if (content_type.starts_with("application/json")) {
    asked.request = read_json(body);
  } else if (content_type.empty() || content_type.starts_with("text/plain") ||
             content_type.starts_with("application/sql")) {
    asked.request.sql = body;
  }
  if (asked.request.sql.empty()) return tl::unexpected(std::string(kExpected));
  return asked;
}

}  // namespace pgconcord::admin
