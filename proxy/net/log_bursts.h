// Violations in the log: one line for each constraint, statement and application that was violated
// since the last time, never one per violation.
#pragma once

#include <vector>

#include "metrics/incidents.h"
#include "policies/config.h"

namespace pgconcord::net {

void log_bursts(const std::vector<metrics::Burst>& bursts, const policies::Log& settings);

}  // namespace pgconcord::net
