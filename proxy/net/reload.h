// What a reload may change: everything but what was fixed when the sockets, threads and caches were
// made.
#pragma once

#include <string>
#include <vector>

#include "policies/config.h"

namespace pgconcord::net {

// Puts the running values of the settings that need a restart back into `next` and returns the
// names of those that differed.
std::vector<std::string> keep_fixed_settings(const policies::Config& running,
                                             policies::Config& next);

}  // namespace pgconcord::net
