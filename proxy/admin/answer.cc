#include "proxy/admin/answer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "proxy/admin/change_requests.h"
#include "proxy/admin/page.h"
#include "proxy/admin/report.h"
#include "proxy/admin/statement_form.h"
#include "proxy/admin/suggestion.h"

namespace pgconcord::admin {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kExposition = "text/plain; version=0.0.4; charset=utf-8";

constexpr unsigned kRefreshSeconds = 10;

Answer ok(std::string_view content_type, std::string body) {
  return {200, std::string(content_type), std::move(body)};
}

Overview overview_of(const Sources& sources) {
  const Condition ready = sources.health().ready;
  return {sources.version,
          sources.mode(),
          ready.holds ? "" : ready.reason,
          sources.violations(),
          sources.policies(),
          sources.sessions(),
          {}};
}
Answer still_page(const Sources& sources) { return ok(kHtml, page(overview_of(sources), 0)); }
Answer live_page(const Sources& sources) {
  return ok(kHtml, page(overview_of(sources), kRefreshSeconds));
}
Answer violations(const Sources& sources) {
  return ok(kJson, violations_json(sources.violations()));
}
Answer policies(const Sources& sources) { return ok(kJson, policies_json(sources.policies())); }
Answer suggested(const Sources& sources) {
  return ok(kJson, suggestions_json(suggestions(sources.violations())));
}
Answer metrics(const Sources& sources) { return ok(kExposition, sources.exposition()); }
Answer version(const Sources& sources) { return ok(kJson, sources.version_json + "\n"); }

// Plain text: a probe's log and `kubectl describe` show the first line as it is.
Answer probe(const Condition& condition) {
  if (condition.holds) return ok(kText, "ok\n");
  return {503, std::string(kText), condition.reason + "\n"};
}
Answer live(const Sources& sources) { return probe(sources.health().live); }
Answer ready(const Sources& sources) { return probe(sources.health().ready); }

Answer sessions(const Sources& sources) { return ok(kJson, sessions_json(sources.sessions())); }
Answer configuration(const Sources& sources) { return ok(kJson, sources.configuration() + "\n"); }

// A form is answered by the page it came from.
Answer explain(const Request& request, const Sources& sources) {
  auto asked = read_statement(request.content_type, request.body);
  if (!asked) return error_answer(400, asked.error());
  const auto explained = sources.explain(asked->request);
  if (!explained) return error_answer(503, explained.error());
  if (!asked->from_form) return ok(kJson, explained_json(*explained));
  Overview overview = overview_of(sources);
  overview.explanation = ExplanationShown{asked->request, *explained};
  return ok(kHtml, page(overview, 0));
}

struct Read {
  std::string_view path;
  Answer (*respond)(const Sources&);
};
constexpr std::array<Read, 11> kReads = {{{"/", still_page},
                                          {"/live", live_page},
                                          {"/metrics", metrics},
                                          {"/healthz", live},
                                          {"/readyz", ready},
                                          {"/version", version},
                                          {"/api/v1/violations", violations},
                                          {"/api/v1/policies", policies},
                                          {"/api/v1/suggestions", suggested},
                                          {"/api/v1/sessions", sessions},
                                          {"/api/v1/config", configuration}}};
constexpr std::string_view kExplain = "/api/v1/explain";

Answer wrong_method(std::string_view allowed) {
  Answer refused = error_answer(405, "this path does not know that method");
  refused.allow = allowed;
  return refused;
}

}  // namespace

Answer error_answer(int status, std::string_view message) {
  return {status, std::string(kJson), nlohmann::json{{"error", message}}.dump() + "\n"};
}

bool takes_body(const Request& request, const Sources& sources) {
  if (request.method != "POST") return false;
  if (request.path == kExplain) return true;
  const std::optional<ChangeRequest> change = change_for(request.path);
  return change && change->kind == ChangeRequest::Kind::Mode && is_allowed(request, sources);
}

Answer answer(const Request& request, const Sources& sources) {
  const auto* read = std::find_if(kReads.begin(), kReads.end(),
                                  [&](const Read& known) { return known.path == request.path; });
  if (read != kReads.end()) {
    const bool reads = request.method == "GET" || request.method == "HEAD";
    return reads ? read->respond(sources) : wrong_method("GET, HEAD");
  }
  const std::optional<ChangeRequest> change = change_for(request.path);
  if (!change && request.path != kExplain) {
    return error_answer(404, "no such path; / lists what there is");
  }
  if (request.method != "POST") return wrong_method("POST");
  return change ? carry_out(*change, request, sources) : explain(request, sources);
}

Answer answer(std::string_view method, std::string_view path, const Sources& sources) {
  return answer(Request{method, path}, sources);
}

}  // namespace pgconcord::admin
