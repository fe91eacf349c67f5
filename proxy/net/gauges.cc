#include "proxy/net/gauges.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace pgconcord::net {
namespace {

using metrics::Metric;
using policies::Policy;

// The label of a policy that names its index by columns, or every constraint.
std::string constraint_label(const Policy& policy) {
  if (!policy.constraint.empty()) return policy.constraint;
  std::string columns;
  for (const std::string& column : policy.columns) {
    columns += (columns.empty() ? "" : ",") + column;
  }
  return columns;
}

bool is_plain_name(std::string_view glob) { return glob.find_first_of("*?") == glob.npos; }

void create_series(metrics::Shard& shard, const Policy& policy, const std::string& database) {
  const std::string& schema = policy.schema;
  shard.cell(Metric::ConstraintViolations,
             {database, schema, policy.table, policy.constraint, "unique", "insert"});
  const std::string_view result = policy.mode == policies::Mode::Enforce ? "rewritten" : "observed";
  shard.cell(Metric::Rewrites, {policy.name, database, schema, policy.table, result});
  for (const auto apply : {policies::Apply::OnViolation, policies::Apply::UpFront}) {
    if (policy.apply != policies::Apply::Auto && policy.apply != apply) continue;
    shard.cell(Metric::ConflictsAbsorbed, {policy.name, database, schema, policy.table,
                                           policy.constraint, policies::label(apply)});
  }
}

}  // namespace

void set_policy_gauges(metrics::Shard& shard, const policies::Config& config,
                       const policies::Suspensions& suspensions) {
  const auto suspended = suspensions.all();
  for (const Policy& policy : config.policies) {
    shard
        .cell(Metric::PolicyInfo,
              {policy.name, policies::label(policy.mode), policy.schema, policy.table,
               constraint_label(policy), policies::label(policy.action)})
        .set(1);
    const bool is_suspended =
        std::any_of(suspended.begin(), suspended.end(),
                    [&](const policies::Suspension& each) { return each.policy == policy.name; });
    shard.cell(Metric::PolicySuspended, {policy.name}).set(is_suspended ? 1 : 0);
  }
}

void set_upstream_gauges(metrics::Shard& shard, const policies::Config& config,
                         const UpstreamHealth& health) {
  const auto& addresses = config.upstream.addresses;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    shard.cell(Metric::UpstreamUp, {addresses[i].text}).set(health.is_up(i) ? 1 : 0);
  }
}

void create_policy_series(metrics::Shard& shard, const policies::Config& config) {
  for (const Policy& policy : config.policies) {
    if (policy.constraint.empty() || policy.constraint == "*" || policy.schema == "*") continue;
    if (policy.mode == policies::Mode::Off) continue;
    for (const std::string& database : policy.when.databases) {
      if (is_plain_name(database)) create_series(shard, policy, database);
    }
  }
}

}  // namespace pgconcord::net
