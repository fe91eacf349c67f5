// `pgconcord explain`: original, policy, rewritten text or the reason it is left alone.
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "proxy/cli/configuration.h"
#include "proxy/cli/explanation.h"
#include "proxy/cli/verbs.h"

namespace pgconcord::cli {
namespace {

using Json = nlohmann::ordered_json;
using policies::Moment;
using policies::Reason;

std::string sql_of(const Options& options) {
  if (options.sql != "-") return options.sql;
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

constexpr std::string_view kNoRows = "UPDATE 0";

bool reports_no_rows(const Outcome& outcome) {
  return outcome.decision.remedy == policies::Remedy::ReportNoRows;
}

// In `observe` the rewritten form is counted, never sent.
std::string_view result_label(const Outcome& outcome) {
  if (outcome.decision.reason != Reason::None) return "left_alone";
  if (outcome.decision.policy->mode != policies::Mode::Enforce) return "observed";
  return reports_no_rows(outcome) ? "answered" : "rewritten";
}

std::string moment_text(const Outcome& outcome) {
  if (outcome.moment == Moment::UpFront) return "up front (transaction blocks, pipelines)";
  return "on violation of " + outcome.violated + " (autocommit)";
}

void print_human(const Outcome& outcome) {
  const policies::Policy& policy = *outcome.decision.policy;
  std::cout << "  " << moment_text(outcome) << "\n    policy:    " << policy.name << " ("
            << policies::label(policy.mode) << ", " << policies::label(policy.action);
  if (policy.line != 0) std::cout << ", " << policy.file << ":" << policy.line;
  std::cout << ")\n";
  if (outcome.decision.reason == Reason::None) {
    const bool sent = policy.mode == policies::Mode::Enforce;
    const bool told = reports_no_rows(outcome);
    std::cout << (sent ? (told ? "    answered:  " : "    rewritten: ")
                       : "    observed:  would be ")
              << (told ? std::string(kNoRows) + " instead of the error" : outcome.sql) << '\n';
  } else {
    std::cout << "    left alone: " << policies::label(outcome.decision.reason) << ". "
              << policies::explanation(outcome.decision.reason) << '\n';
  }
}

void print_human(const std::vector<StatementExplanation>& explanations) {
  for (const StatementExplanation& each : explanations) {
    std::cout << "original: " << each.sql << '\n';
    if (!each.reason_unread.empty()) {
      std::cout << "  forwarded as it is: " << each.reason_unread << '\n';
    } else if (each.outcomes.empty()) {
      std::cout << "  forwarded as it is: no policy concerns it\n";
    }
    for (const Outcome& outcome : each.outcomes) print_human(outcome);
  }
}

Json json_of(const Outcome& outcome) {
  Json json = {{"moment", outcome.moment == Moment::UpFront ? "up_front" : "on_violation"}};
  if (!outcome.violated.empty()) json["violated"] = outcome.violated;
  json["policy"] = outcome.decision.policy->name;
  json["mode"] = policies::label(outcome.decision.policy->mode);
  json["action"] = policies::label(outcome.decision.policy->action);
  json["result"] = result_label(outcome);
  if (outcome.decision.reason == Reason::None) {
    reports_no_rows(outcome) ? json["tag"] = kNoRows : json["sql"] = outcome.sql;
  } else {
    json["reason"] = policies::label(outcome.decision.reason);
    json["explanation"] = policies::explanation(outcome.decision.reason);
  }
  return json;
}

void print_json(const std::vector<StatementExplanation>& explanations) {
  Json json = {{"statements", Json::array()}};
  for (const StatementExplanation& each : explanations) {
    Json statement = {{"original", each.sql}, {"outcomes", Json::array()}};
    if (!each.reason_unread.empty()) statement["unread"] = each.reason_unread;
    for (const Outcome& outcome : each.outcomes) statement["outcomes"].push_back(json_of(outcome));
    json["statements"].push_back(std::move(statement));
  }
  std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

int fail(const std::string& message) {
  std::cerr << message << '\n';
  return kProblem;
}

}  // namespace

int explain(const Options& options) {
  const auto config = effective_configuration(options);
  if (!config) {
    std::cerr << policies::render(config.error());
    return kProblem;
  }
  std::optional<CatalogConnection> connection;
  Speaker speaker{options.database, options.user, options.application};
  if (!options.connect.empty()) {
    auto opened = CatalogConnection::open(options.connect);
    if (!opened) return fail("--connect: error: " + opened.error());
    connection.emplace(std::move(*opened));
    if (speaker.database.empty()) speaker.database = connection->database();
    if (speaker.user.empty()) speaker.user = connection->user();
  }
  const auto explanations =
      explain_text(sql_of(options), *config, speaker, connection ? &*connection : nullptr);
  if (!explanations) return fail("--connect: error: " + explanations.error());
  if (explanations->empty()) return fail("there is no statement to explain");
  if (options.format == Format::Json) {
    print_json(*explanations);
  } else {
    print_human(*explanations);
  }
  return kOk;
}

}  // namespace pgconcord::cli
