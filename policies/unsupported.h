// Settings that are valid by the public contract but that this release does not carry out. They are
// refused with a clear message instead of being ignored; a feature that is built takes its line out
// of unsupported.cc.
#pragma once

#include <vector>

#include "policies/load.h"

namespace pgconcord::policies {

// Empty when everything the configuration asks for is implemented. Policies in mode `off` count
// too.
std::vector<ConfigError> not_in_this_build(const Config& config);

}  // namespace pgconcord::policies
