// What the policies do, from the counters they move: for the API, the status page and `policies`.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "metrics/registry.h"
#include "policies/config.h"

namespace pgconcord::admin {

struct PolicyEffect {
  std::string name, mode, table, constraint, statement, action, apply;
  double rewritten = 0, observed = 0;  // statements
  double absorbed = 0;                 // violations or rows
  double errors = 0;                   // that only the rewrite can have raised
  bool suspended = false;
  std::map<std::string, double> left_alone;  // by reason
};

// In the order of the file.
std::vector<PolicyEffect> policy_effects(const policies::Config& config,
                                         const metrics::Registry& registry,
                                         const std::function<bool(const std::string&)>& suspended);

struct RewriteCount {
  std::string policy, database, schema, table, result;  // as in the metric rewrites_total
  double count = 0;
};
std::vector<RewriteCount> rewrite_counts(const metrics::Registry& registry);

}  // namespace pgconcord::admin
