// The status page: one document without scripts, readable in a terminal browser, in light and dark.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metrics/incidents.h"
#include "metrics/session_facts.h"
#include "proxy/admin/explained.h"
#include "proxy/admin/policy_effect.h"
#include "proxy/admin/suggestion.h"

namespace pgconcord::admin {

// What the box on the page was asked.
struct ExplanationShown {
  ExplainRequest request;
  Explained statements;
};

struct Overview {
  std::string version, mode;
  std::string not_ready;  // why; empty = ready
  std::vector<metrics::IncidentGroup> violations;
  std::vector<PolicyEffect> policies;
  std::vector<metrics::SessionFacts> sessions;
  std::optional<ExplanationShown> explanation;
};

// Loads itself again every `refresh_seconds`; 0 = never.
std::string page(const Overview& overview, unsigned refresh_seconds);

}  // namespace pgconcord::admin
