// The effective configuration: the file, over it the environment, over it the flags. The same at
// start and at each reload.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "policies/load.h"
#include "proxy/cli/options.h"

namespace pgconcord::cli {

// The named file, else the first default one that exists; empty = none.
std::string configuration_file(const Options& options);

// Everything that is wrong at once, in the form of errors of the file; overrides name their flag as
// the place. Refuses what this release does not carry out.
[[nodiscard]] tl::expected<policies::Config, policies::ConfigErrors> effective_configuration(
    const Options& options);

}  // namespace pgconcord::cli
