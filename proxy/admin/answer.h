// What the HTTP interface says, without HTTP: a method and a path in, an answer out. Everything
// here is read-only; INTERFACE names the paths.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/incidents.h"
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
};

struct Answer {
  int status = 200;
  std::string content_type;
  std::string body;
  std::string allow;  // the methods a 405 speaks of; empty with every other status
};

Answer answer(std::string_view method, std::string_view path, const Sources& sources);

// An error of the server itself, in the form of all others.
Answer error_answer(int status, std::string_view message);

}  // namespace pgconcord::admin
