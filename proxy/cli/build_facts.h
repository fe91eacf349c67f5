// What this build is.
#pragma once

#include <string>

#include "proxy/net/serve.h"

namespace pgconcord::cli {

net::BuildFacts build_facts();
// {"version": ..., "revision": ..., "compiler": ..., "pg_query": ...}
std::string build_facts_json();

}  // namespace pgconcord::cli
