// Violations in the log: one line for each constraint, statement and application that was violated
// since the last time, never one per violation. And policies that were suspended since then.
#pragma once

#include <vector>

#include "metrics/incidents.h"
#include "policies/config.h"
#include "policies/suspensions.h"

namespace pgconcord::net {

void log_bursts(const std::vector<metrics::Burst>& bursts, const policies::Log& settings);
void log_suspensions(const std::vector<policies::Suspension>& suspensions);

}  // namespace pgconcord::net
