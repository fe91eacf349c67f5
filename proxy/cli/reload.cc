// `pgconcord reload`: SIGHUP to a running proxy.
#include <sys/types.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "proxy/cli/verbs.h"

namespace pgconcord::cli {
namespace {

std::optional<pid_t> pid_in(const std::string& path) {
  std::ifstream file(path);
  pid_t pid = 0;
  if (!(file >> pid) || pid <= 1) return std::nullopt;
  return pid;
}

}  // namespace

int reload(const Options& options) {
  if (!options.pid && options.pid_file.empty()) {
    std::cerr << "reload needs --pid-file FILE (as given to run) or --pid NUMBER\n";
    return kUsage;
  }
  const auto pid = options.pid ? std::optional<pid_t>(*options.pid) : pid_in(options.pid_file);
  if (!pid) {
    std::cerr << options.pid_file
              << " holds no process id: is the proxy running, with this --pid-file?\n";
    return kProblem;
  }
  if (::kill(*pid, SIGHUP) != 0) {
    std::cerr << "cannot signal process " << *pid << ": " << std::strerror(errno) << '\n';
    return kProblem;
  }
  std::cout << "asked process " << *pid << " to reload; its log tells the outcome\n";
  return kOk;
}

}  // namespace pgconcord::cli
