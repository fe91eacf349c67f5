// What the HTTP interface says, without HTTP: a request in, an answer out. INTERFACE names the
// paths. GETs and `explain` only read; what changes something needs the token of
// `admin.token_file`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "metrics/incidents.h"
#include "metrics/session_facts.h"
#include "policies/catalog_cache.h"
#include "policies/change.h"
#include "proxy/admin/explained.h"
#include "proxy/admin/policy_effect.h"

namespace pgconcord::admin {

// `reason` is one short line for whoever reads a failed probe; it is not sent while `holds`.
struct Condition {
  bool holds = true;
  std::string reason;
};

struct Health {
  Condition live{};   // every event loop has stirred lately: a restart would not help
  Condition ready{};  // accepts sessions, is not draining, the upstream can be reached
};

// Where the answers come from. Called on the server's threads, several at once.
struct Sources {
  std::function<std::string()> exposition;  // Prometheus text format 0.0.4
  std::function<Health()> health;
  std::string version_json;
  std::function<std::vector<metrics::IncidentGroup>()> violations{};  // the most frequent first
  std::function<std::vector<PolicyEffect>()> policies{};
  std::string version{};
  std::function<std::string()> mode{};  // the ceiling in force
  std::function<std::vector<metrics::SessionFacts>()> sessions{};
  std::function<std::vector<RewriteCount>()> rewrites{};
  std::function<std::vector<policies::CatalogCache::Known>()> catalogs{};
  std::function<std::string()> configuration{};  // JSON, without secrets
  // What a user may not see of the catalog is left out; the error is a sentence.
  std::function<tl::expected<Explained, std::string>(const ExplainRequest&)> explain{};
  std::function<std::shared_ptr<const policies::Token>()> token{};  // nullptr = changes are off
  // Wait until it is done.
  std::function<policies::Change()> reload{};
  std::function<policies::Change()> drain{};
  std::function<policies::Change(const std::string& policy, policies::Mode mode)> set_mode{};
};

struct Request {
  std::string_view method, path;
  std::string_view authorization{};  // the header; empty = none
  std::string_view content_type{};
  std::string_view body{};
};

struct Answer {
  int status = 200;
  std::string content_type;
  std::string body;
  std::string allow{};      // the methods a 405 speaks of; empty with every other status
  std::string challenge{};  // what a 401 asks for, likewise
};

Answer answer(const Request& request, const Sources& sources);
// Without headers and body.
Answer answer(std::string_view method, std::string_view path, const Sources& sources);

// Would anything in the body of such a request be looked at? Not where it is refused anyway.
bool takes_body(const Request& request, const Sources& sources);

// An error of the server itself, in the form of all others.
Answer error_answer(int status, std::string_view message);

}  // namespace pgconcord::admin
