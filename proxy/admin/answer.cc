#include "proxy/admin/answer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "proxy/admin/page.h"
#include "proxy/admin/report.h"
#include "proxy/admin/suggestion.h"

namespace pgconcord::admin {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kExposition = "text/plain; version=0.0.4; charset=utf-8";

constexpr unsigned kRefreshSeconds = 10;

Answer ok(std::string_view content_type, std::string body) {
  return {200, std::string(content_type), std::move(body), {}};
}

Answer status_page(const Sources& sources, unsigned refresh_seconds) {
  const Condition ready = sources.health().ready;
  const Overview overview{sources.version, sources.mode(), ready.holds ? "" : ready.reason,
                          sources.violations(), sources.policies()};
  return ok(kHtml, page(overview, refresh_seconds));
}
Answer still_page(const Sources& sources) { return status_page(sources, 0); }
Answer live_page(const Sources& sources) { return status_page(sources, kRefreshSeconds); }
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
  return {503, std::string(kText), condition.reason + "\n", {}};
}
Answer live(const Sources& sources) { return probe(sources.health().live); }
Answer ready(const Sources& sources) { return probe(sources.health().ready); }

Answer reload(const Sources&) {
  return error_answer(403, "changes over HTTP are switched off; send the process SIGHUP to reload");
}

enum class Access : std::uint8_t { Read, Change };
struct Route {
  std::string_view path;
  Access access;
  Answer (*respond)(const Sources&);
};
constexpr std::array<Route, 10> kRoutes = {{{"/", Access::Read, still_page},
                                            {"/live", Access::Read, live_page},
                                            {"/metrics", Access::Read, metrics},
                                            {"/healthz", Access::Read, live},
                                            {"/readyz", Access::Read, ready},
                                            {"/version", Access::Read, version},
                                            {"/api/v1/violations", Access::Read, violations},
                                            {"/api/v1/policies", Access::Read, policies},
                                            {"/api/v1/suggestions", Access::Read, suggested},
                                            {"/api/v1/reload", Access::Change, reload}}};

bool allowed(Access access, std::string_view method) {
  switch (access) {
    case Access::Read:
      return method == "GET" || method == "HEAD";
    case Access::Change:
      return method == "POST";
  }
  return false;
}

Answer wrong_method(Access access) {
  Answer refused = error_answer(405, "this path does not know that method");
  refused.allow = access == Access::Read ? "GET, HEAD" : "POST";
  return refused;
}

}  // namespace

Answer error_answer(int status, std::string_view message) {
  return {status, std::string(kJson), nlohmann::json{{"error", message}}.dump() + "\n", {}};
}

Answer answer(std::string_view method, std::string_view path, const Sources& sources) {
  const auto* route = std::find_if(kRoutes.begin(), kRoutes.end(),
                                   [path](const Route& known) { return known.path == path; });
  if (route == kRoutes.end()) return error_answer(404, "no such path; / lists what there is");
  if (!allowed(route->access, method)) return wrong_method(route->access);
  return route->respond(sources);
}

}  // namespace pgconcord::admin
