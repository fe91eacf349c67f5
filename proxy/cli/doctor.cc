// `pgconcord doctor`: what in a database makes writes fail, or keeps an upsert from working. Looks,
// and changes nothing.
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "policies/load.h"
#include "proxy/cli/catalog_connection.h"
#include "proxy/cli/configuration.h"
#include "proxy/cli/diagnosis.h"
#include "proxy/cli/policy_review.h"
#include "proxy/cli/verbs.h"

namespace pgconcord::cli {
namespace {

using Json = nlohmann::ordered_json;

void examine_policies(const Examination& examination, const policies::Config& config,
                      Diagnoses& found) {
  std::set<std::string> names;
  for (const auto& policy : config.policies) names.insert(policy.table);
  const auto catalog = examination.connection.catalog({names.begin(), names.end()});
  if (!catalog) {
    found.push_back({Gravity::NotChecked, "policy", config.file, catalog.error()});
    return;
  }
  for (const auto& policy : config.policies) {
    for (const Finding& each : review(policy, *catalog)) {
      if (each.severity == Severity::Ok || each.severity == Severity::Note) continue;
      const std::string table = each.table.empty() ? "" : " (" + each.table + ")";
      found.push_back({Gravity::Problem, "policy", each.policy + table, each.message});
    }
  }
}

bool has_problem(const Diagnoses& found) {
  for (const Diagnosis& each : found) {
    if (each.gravity == Gravity::Problem) return true;
  }
  return false;
}

std::string indented(const std::string& text, const std::string& indent) {
  std::string result = indent;
  for (const char c : text) {
    result += c;
    if (c == '\n') result += indent;
  }
  return result;
}

void print_human(const Diagnoses& found, const CatalogConnection& connection) {
  for (const Diagnosis& each : found) {
    std::cout << label(each.gravity) << ": " << each.check;
    if (!each.object.empty()) std::cout << ' ' << each.object;
    std::cout << ": " << each.message << '\n';
    for (const auto& script : each.scripts) {
      std::cout << "  -- " << script.title << '\n' << indented(script.sql, "  ") << '\n';
    }
  }
  std::cout << "database " << connection.database() << " as role " << connection.user() << ": "
            << (has_problem(found) ? "problems found" : "no problem found")
            << "; nothing was changed\n";
}

void print_json(const Diagnoses& found, const CatalogConnection& connection) {
  Json json = {{"ok", !has_problem(found)},
               {"database", connection.database()},
               {"role", connection.user()},
               {"findings", Json::array()}};
  for (const Diagnosis& each : found) {
    Json scripts = Json::array();
    for (const auto& script : each.scripts) {
      scripts.push_back({{"title", script.title}, {"sql", script.sql}});
    }
    json["findings"].push_back({{"gravity", label(each.gravity)},
                                {"check", each.check},
                                {"object", each.object},
                                {"message", each.message},
                                {"scripts", std::move(scripts)}});
  }
  std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace

int doctor(const Options& options) {
  policies::Config config = policies::default_config();
  if (!options.config_file.empty()) {
    auto loaded = policies::load_file(options.config_file);
    if (!loaded) {
      std::cerr << policies::render(loaded.error());
      return kProblem;
    }
    config = std::move(*loaded);
  }
  const auto connection = CatalogConnection::open(options.connect);
  if (!connection) {
    std::cerr << "--connect: error: " << connection.error() << '\n';
    return kProblem;
  }
  const Examination examination{*connection, std::chrono::seconds(options.timeout)};
  Diagnoses found;
  examine_locks(examination, found);
  examine_sequences(examination, found);
  examine_key_ranges(examination, found);
  examine_indexes(examination, found);
  for (const std::string& each : options.planned) examine_planned_key(examination, each, found);
  if (!config.policies.empty()) examine_policies(examination, config, found);
  options.format == Format::Json ? print_json(found, *connection) : print_human(found, *connection);
  return has_problem(found) ? kProblem : kOk;
}

}  // namespace pgconcord::cli
