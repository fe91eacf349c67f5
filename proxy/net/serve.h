// The proxy as the rest of the program sees it: one call that returns when the proxy has ended.
#pragma once

#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "policies/config.h"
#include "policies/load.h"

namespace pgconcord::net {

struct ServeOptions {
  policies::Config config;
  // Reads the configuration anew, with the same flags and environment. Main thread.
  std::function<tl::expected<policies::Config, policies::ConfigErrors>()> reload;
  std::string config_file;  // for the log; empty = none
  std::string pid_file;     // written once ready, removed at the end; empty = none
  std::string
      port_file;  // written once ready: the bound addresses, one a line, the admin address last
  std::string version;
  std::string revision;
};

// Listens, serves, reloads on SIGHUP, drains on SIGTERM, stops on SIGINT or a second SIGTERM. The
// exit code: 0 after a drain or stop, 1 when it could not start (the log says why).
int serve(ServeOptions options);

}  // namespace pgconcord::net
