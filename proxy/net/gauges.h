// The gauges that describe the process rather than what happened: set anew at each scrape from what
// is true then.
#pragma once

#include "metrics/registry.h"
#include "policies/config.h"
#include "policies/suspensions.h"
#include "proxy/net/upstream_health.h"

namespace pgconcord::net {

void set_policy_gauges(metrics::Shard& shard, const policies::Config& config,
                       const policies::Suspensions& suspensions);
void set_upstream_gauges(metrics::Shard& shard, const policies::Config& config,
                         const UpstreamHealth& health);
// Series of constraints under a policy exist from the start at 0, for the databases that its `when`
// names outright; other databases become known with their first session.
void create_policy_series(metrics::Shard& shard, const policies::Config& config);

}  // namespace pgconcord::net
