// The status page: one document without scripts, readable in a terminal browser, in light and dark.
#pragma once

#include <string>
#include <vector>

#include "metrics/incidents.h"
#include "proxy/admin/policy_effect.h"
#include "proxy/admin/suggestion.h"

namespace pgconcord::admin {

struct Overview {
  std::string version, mode;
  std::string not_ready;  // why; empty = ready
  std::vector<metrics::IncidentGroup> violations;
  std::vector<PolicyEffect> policies;
};

// Loads itself again every `refresh_seconds`; 0 = never.
std::string page(const Overview& overview, unsigned refresh_seconds);

}  // namespace pgconcord::admin
