// A configuration as JSON, without secrets: for `config show` and the HTTP interface.
#pragma once

#include <string>

#include "policies/config.h"

namespace pgconcord::cli {

std::string effective_json(const policies::Config& config);

}  // namespace pgconcord::cli
