// Settings that are each right and cannot work together, whichever of them came from the file, a
// flag or the environment.
#pragma once

#include "policies/load.h"

namespace pgconcord::policies {

// Empty when everything fits.
ConfigErrors impossible_combinations(const Config& config);

}  // namespace pgconcord::policies
