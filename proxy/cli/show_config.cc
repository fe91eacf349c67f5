// `pgconcord config show` and `config schema`.
#include <iostream>
#include <nlohmann/json.hpp>

#include "policies/load.h"
#include "proxy/cli/configuration.h"
#include "proxy/cli/effective_json.h"
#include "proxy/cli/verbs.h"

namespace pgconcord::cli {
namespace {

using Json = nlohmann::ordered_json;
using policies::Config;

std::string milliseconds(policies::Milliseconds time) {
  return std::to_string(time.count()) + "ms";
}

Json addresses(const Config& config) {
  Json json = Json::array();
  for (const auto& address : config.upstream.addresses) json.push_back(address.text);
  return json;
}

Json listeners(const Config& config) {
  Json json = Json::array();
  for (const auto& listener : config.listeners) {
    json.push_back({{"address", listener.address.text}, {"tls", {{"mode", listener.tls.mode}}}});
  }
  return json;
}

Json limits(const policies::Limits& limits) {
  return {{"max_clients", limits.max_clients},
          {"inspect_bytes", limits.inspect_bytes},
          {"parse_depth", limits.parse_depth},
          {"startup_timeout", milliseconds(limits.startup_timeout)},
          {"buffer_bytes", limits.buffer_bytes},
          {"prepared_statements", limits.prepared_statements},
          {"plan_cache", limits.plan_cache}};
}

Json policies_of(const Config& config) {
  Json json = Json::array();
  for (const policies::Policy& policy : config.policies) {
    Json each = {{"name", policy.name},
                 {"mode", policies::label(policy.mode)},
                 {"table", policy.schema + "." + policy.table}};
    if (policy.columns.empty()) {
      each["constraint"] = policy.constraint;
    } else {
      each["columns"] = policy.columns;
    }
    each["statement"] = policies::label(policy.statement);
    each["action"] = policies::label(policy.action);
    each["apply"] = policies::label(policy.apply);
    each["rollout"] = std::to_string(policy.rollout_percent) + "%";
    json.push_back(std::move(each));
  }
  return json;
}

Json auth(const Config& config) {
  Json json = {{"mode", config.auth_mode}};
  if (!config.users_file.empty()) json["users_file"] = config.users_file;
  return json;
}

// The path of the token, never the token.
Json admin(const Config& config) {
  Json json = {{"address", config.admin.address.text}};
  if (!config.admin.token_file.empty()) json["token_file"] = config.admin.token_file;
  return json;
}

Json json_of(const Config& config) {
  return {{"version", 1},
          {"mode", policies::label(config.mode)},
          {"listen", listeners(config)},
          {"upstream",
           {{"address", addresses(config)},
            {"target_session_attrs", config.upstream.target_session_attrs},
            {"connect_timeout", milliseconds(config.upstream.connect_timeout)},
            {"tls", {{"mode", config.upstream.tls.mode}}}}},
          {"auth", auth(config)},
          {"catalog", {{"refresh", milliseconds(config.catalog.refresh)}}},
          {"admin", admin(config)},
          {"console", {{"database", config.console.database}, {"users", config.console.users}}},
          {"workers", config.workers},
          {"limits", limits(config.limits)},
          {"shutdown", {{"drain", milliseconds(config.drain)}}},
          {"log",
           {{"level", config.log.level},
            {"format", config.log.format},
            {"statements", config.log.statements}}},
          {"metrics",
           {{"max_constraint_series", config.metrics.max_constraint_series},
            {"max_applications", config.metrics.max_applications},
            {"partitions", config.metrics.partitions}}},
          {"policies", policies_of(config)}};
}

}  // namespace

std::string effective_json(const Config& config) { return json_of(config).dump(2); }

// JSON is YAML: the output is a configuration file again in either format.
int show_config(const Options& options) {
  const auto config = effective_configuration(options);
  if (!config) {
    std::cerr << policies::render(config.error());
    return kProblem;
  }
  const bool human = options.format == Format::Human;
  if (human && !config->file.empty()) std::cout << "# from " << config->file << '\n';
  std::cout << effective_json(*config) << '\n';
  return kOk;
}

int show_schema() {
  std::cout << policies::json_schema() << '\n';
  return kOk;
}

}  // namespace pgconcord::cli
