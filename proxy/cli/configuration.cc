#include "proxy/cli/configuration.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>

#include "policies/address.h"
#include "policies/combinations.h"
#include "policies/unsupported.h"

namespace pgconcord::cli {
namespace {

using policies::Config;
using policies::ConfigError;
using policies::ConfigErrors;

constexpr std::array<const char*, 2> kDefaultFiles{"pgconcord.yaml",
                                                   "/etc/pgconcord/pgconcord.yaml"};

ConfigError override_error(const std::string& place, const std::string& message) {
  ConfigError error;
  error.file = place;
  error.message = message;
  return error;
}

void apply_listen(const Overrides& overrides, Config& config, ConfigErrors& errors) {
  if (overrides.listen.empty()) return;
  config.listeners.clear();
  for (const std::string& text : overrides.listen) {
    auto address = policies::parse_address(text);
    if (!address) {
      errors.push_back(override_error("--listen", address.error()));
      continue;
    }
    policies::Listener listener;
    listener.address = std::move(*address);
    config.listeners.push_back(std::move(listener));
  }
}

void apply_upstream(const Overrides& overrides, Config& config, ConfigErrors& errors) {
  if (overrides.upstream.empty()) return;
  auto target = policies::parse_upstream(overrides.upstream);
  if (target) {
    target->apply_to(config.upstream);
  } else {
    errors.push_back(override_error("--upstream", target.error()));
  }
}

void apply_admin(const Overrides& overrides, Config& config, ConfigErrors& errors) {
  if (overrides.admin.empty()) return;
  auto address = policies::parse_address(overrides.admin);
  if (address) {
    config.admin.address = std::move(*address);
  } else {
    errors.push_back(override_error("--admin", address.error()));
  }
}

void apply_mode(const Overrides& overrides, Config& config) {
  using policies::Mode;
  for (const Mode mode : {Mode::Off, Mode::Observe, Mode::Enforce}) {
    if (policies::label(mode) != overrides.mode) continue;
    config.mode = mode;
    for (policies::Policy& each : config.policies) each.mode = std::min(each.written_mode, mode);
  }
}

void apply(const Overrides& overrides, Config& config, ConfigErrors& errors) {
  apply_listen(overrides, config, errors);
  apply_upstream(overrides, config, errors);
  apply_admin(overrides, config, errors);
  apply_mode(overrides, config);
  if (overrides.workers) config.workers = *overrides.workers;
  if (!overrides.log_level.empty()) config.log.level = overrides.log_level;
  if (!overrides.log_format.empty()) config.log.format = overrides.log_format;
}

// The environment of libpq only fills in: in a container it may well name the proxy itself.
bool names_upstream(const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("upstream", 0) == 0) return true;
  }
  return false;
}

void apply_environment(Config& config, ConfigErrors& errors) {
  auto target =
      policies::upstream_from_environment([](const char* name) { return std::getenv(name); });
  if (!target) {
    errors.push_back(override_error("environment", target.error()));
    return;
  }
  target->apply_to(config.upstream);
}

}  // namespace

std::string configuration_file(const Options& options) {
  if (!options.config_file.empty()) return options.config_file;
  for (const char* path : kDefaultFiles) {
    if (::access(path, F_OK) == 0) return path;
  }
  return "";
}

tl::expected<Config, ConfigErrors> effective_configuration(const Options& options) {
  const std::string file = configuration_file(options);
  auto config = file.empty() ? tl::expected<Config, ConfigErrors>(policies::default_config())
                             : policies::load_file(file);
  ConfigErrors errors = config ? ConfigErrors{} : config.error();
  Config effective = config ? std::move(*config) : policies::default_config();
  if (options.overrides.upstream.empty() && (file.empty() || !names_upstream(file))) {
    apply_environment(effective, errors);
  }
  apply(options.overrides, effective, errors);
  for (ConfigError& each : policies::not_in_this_build(effective)) {
    errors.push_back(std::move(each));
  }
  for (ConfigError& each : policies::impossible_combinations(effective)) {
    errors.push_back(std::move(each));
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return effective;
}

}  // namespace pgconcord::cli
