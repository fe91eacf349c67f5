// What the API says, as JSON: the same values the status page shows.
#pragma once

#include <string>
#include <vector>

#include "metrics/incidents.h"
#include "metrics/session_facts.h"
#include "proxy/admin/policy_effect.h"
#include "proxy/admin/suggestion.h"

namespace pgconcord::admin {

std::string violations_json(const std::vector<metrics::IncidentGroup>& groups);
std::string policies_json(const std::vector<PolicyEffect>& effects);
std::string sessions_json(const std::vector<metrics::SessionFacts>& sessions);
std::string suggestions_json(const std::vector<Suggestion>& suggestions);

// 2026-11-22T10:00:00Z
std::string utc(std::chrono::system_clock::time_point time);

}  // namespace pgconcord::admin
