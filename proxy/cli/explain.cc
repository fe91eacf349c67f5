// `pgconcord explain`: original, policy, rewritten text or the reason it is left alone.
#include <iostream>
#include <iterator>
#include <optional>

#include "proxy/cli/catalog_connection.h"
#include "proxy/cli/configuration.h"
#include "proxy/cli/explanation.h"
#include "proxy/cli/verbs.h"

namespace pgconcord::cli {
namespace {

using policies::Moment;
using policies::Reason;

std::string sql_of(const Options& options) {
  if (options.sql != "-") return options.sql;
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

std::string moment_text(const Outcome& outcome) {
  if (outcome.decision.policy->statement == policies::StatementKind::Copy) {
    return "through a staging table (autocommit, transaction blocks)";
  }
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
    std::cout << admin::explained_json(in_words(*explanations));
  } else {
    print_human(*explanations);
  }
  return kOk;
}

}  // namespace pgconcord::cli
