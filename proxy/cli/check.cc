// `pgconcord check`: is the file right, and does it fit the database?
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "policies/combinations.h"
#include "policies/load.h"
#include "policies/unsupported.h"
#include "proxy/cli/catalog_connection.h"
#include "proxy/cli/configuration.h"
#include "proxy/cli/policy_review.h"
#include "proxy/cli/verbs.h"
#include "proxy/net/tls_context.h"

namespace pgconcord::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Report {
  std::string file;
  std::size_t policies = 0;
  policies::ConfigErrors errors;
  std::vector<Finding> findings;
  std::vector<std::string> warnings;  // of the files that the configuration names
  std::string connection_error;
  std::string role;  // whose privileges were looked at
};

void add(policies::ConfigErrors errors, Report& report) {
  std::move(errors.begin(), errors.end(), std::back_inserter(report.errors));
}

void read_file(const Options& options, policies::Config& config, Report& report) {
  report.file = configuration_file(options);
  if (report.file.empty()) {
    report.errors.push_back({"pgconcord.yaml", 0, 0, "", "there is no configuration file",
                             "name one with --config FILE", ""});
    return;
  }
  auto loaded = policies::load_file(report.file);
  if (!loaded) {
    report.errors = std::move(loaded.error());
    return;
  }
  config = std::move(*loaded);
  report.policies = config.policies.size();
  report.errors = policies::not_in_this_build(config);
  add(policies::impossible_combinations(config), report);
  if (auto tls = net::load_tls(config); !tls) {
    add(std::move(tls.error()), report);
  } else {
    report.warnings = (*tls)->warnings;
  }
}

std::vector<std::string> table_names(const policies::Config& config) {
  std::set<std::string> names;
  for (const auto& policy : config.policies) names.insert(policy.table);
  return {names.begin(), names.end()};
}

void read_catalog(const Options& options, const policies::Config& config, Report& report) {
  auto connection = CatalogConnection::open(options.connect);
  if (!connection) {
    report.connection_error = connection.error();
    return;
  }
  const auto catalog = connection->catalog(table_names(config));
  if (!catalog) {
    report.connection_error = catalog.error();
    return;
  }
  report.role = catalog->role();
  for (const auto& policy : config.policies) {
    for (Finding& each : review(policy, *catalog)) report.findings.push_back(std::move(each));
  }
}

bool is_problem(const Report& report, bool strict) {
  if (!report.errors.empty() || !report.connection_error.empty()) return true;
  if (strict && !report.warnings.empty()) return true;
  for (const Finding& each : report.findings) {
    if (each.severity == Severity::Error) return true;
    if (strict && each.severity == Severity::Warning) return true;
  }
  return false;
}

void print_human(const Report& report) {
  std::cerr << policies::render(report.errors);
  if (!report.connection_error.empty())
    std::cerr << "--connect: error: " << report.connection_error << '\n';
  for (const std::string& each : report.warnings) std::cout << "warning: " << each << '\n';
  for (const Finding& each : report.findings) {
    std::cout << label(each.severity) << ": " << each.policy;
    if (!each.table.empty()) std::cout << " (" << each.table << ")";
    std::cout << ": " << each.message;
    if (!each.reason.empty()) std::cout << " [" << each.reason << "]";
    std::cout << '\n';
  }
  if (!report.errors.empty()) {
    std::cerr << report.errors.size() << (report.errors.size() == 1 ? " error\n" : " errors\n");
    return;
  }
  std::cout << report.file << ": valid, " << report.policies
            << (report.policies == 1 ? " policy" : " policies");
  if (!report.role.empty()) std::cout << ", seen as role " << report.role;
  std::cout << '\n';
}

void print_json(const Report& report, bool problem) {
  Json json = {{"ok", !problem}, {"file", report.file}, {"policies", report.policies}};
  json["errors"] = Json::array();
  for (const auto& error : report.errors) {
    json["errors"].push_back({{"file", error.file},
                              {"line", error.line},
                              {"column", error.column},
                              {"path", error.path},
                              {"message", error.message},
                              {"help", error.help}});
  }
  if (!report.connection_error.empty()) json["connection_error"] = report.connection_error;
  if (!report.role.empty()) json["role"] = report.role;
  json["warnings"] = report.warnings;
  json["findings"] = Json::array();
  for (const Finding& each : report.findings) {
    json["findings"].push_back({{"severity", label(each.severity)},
                                {"policy", each.policy},
                                {"table", each.table},
                                {"reason", each.reason},
                                {"message", each.message}});
  }
  std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace

int check(const Options& options) {
  Report report;
  policies::Config config;
  read_file(options, config, report);
  if (report.errors.empty() && !options.connect.empty()) read_catalog(options, config, report);
  const bool problem = is_problem(report, options.strict);
  if (options.format == Format::Json) {
    print_json(report, problem);
  } else {
    print_human(report);
  }
  return problem ? kProblem : kOk;
}

}  // namespace pgconcord::cli
