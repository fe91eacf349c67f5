// Violations of a log as incidents, so that they are grouped, explained and judged as those that a
// running proxy sees.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "metrics/incidents.h"
#include "policies/plan.h"
#include "proxy/cli/log_entry.h"

namespace pgconcord::cli {

class LogViolations {
 public:
  LogViolations() : plans_(policies::PlanLimits{}) {}

  void take(const LogEntry& entry);

  const metrics::Incidents& incidents() const { return incidents_; }
  std::uint64_t violations() const { return violations_; }
  // Errors whose language hides what they are.
  std::uint64_t not_understood() const { return not_understood_; }

 private:
  struct Written;  // what the statement tells
  Written read(const LogEntry& entry);
  metrics::Evidence evidence_of(const LogEntry& entry, const Written& written,
                                std::uint64_t key_hash);

  metrics::Incidents incidents_;
  policies::PlanCache plans_;
  std::optional<std::chrono::milliseconds> began_;
  std::uint64_t violations_ = 0, not_understood_ = 0;
};

}  // namespace pgconcord::cli
