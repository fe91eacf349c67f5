// Is the server there? Asked by /readyz only, on the thread that answers it: a connection is opened
// and closed again.
#pragma once

#include <chrono>

#include "policies/config.h"
#include "proxy/net/upstream_health.h"

namespace pgconcord::net {

// True at once when clients reached the server lately; else every address gets up to `timeout`.
// Records what it finds.
bool is_upstream_reachable(const policies::Upstream& upstream, UpstreamHealth& health,
                           std::chrono::milliseconds timeout);

}  // namespace pgconcord::net
