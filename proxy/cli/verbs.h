// The verbs: each does its job and returns the exit status. Results go to stdout, problems to
// stderr.
#pragma once

#include "proxy/cli/options.h"

namespace pgconcord::cli {

int run(const Options& options);
int check(const Options& options);
int explain(const Options& options);
int reload(const Options& options);
int drain(const Options& options);
int version(const Options& options);
int show_config(const Options& options);
int show_schema();
int healthcheck(const Options& options);
int violations(const Options& options);
int policies_in_force(const Options& options);
int sessions(const Options& options);
int suggest(const Options& options);
int suggest_from_log(const Options& options);
int completion(const Options& options);
int doctor(const Options& options);

}  // namespace pgconcord::cli
