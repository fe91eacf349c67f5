#include "proxy/cli/explanation.h"

#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

#include "parser/edit.h"
#include "parser/outline.h"
#include "policies/plan.h"

namespace pgconcord::cli {
namespace {

using policies::Moment;
using policies::Reason;
using Explanations = std::vector<StatementExplanation>;

class Explainer {
 public:
  Explainer(const std::string& sql, const policies::Config& config, const Speaker& speaker)
      : sql_(sql),
        selection_(policies::select(config.policies, speaker.database, speaker.user,
                                    speaker.application, 0, 1)),
        plans_({config.limits.inspect_bytes, config.limits.parse_depth, 16}) {
    parser::outline(sql_, outline_);
  }

  tl::expected<void, std::string> read_catalog(const CatalogSource& source) {
    std::set<std::string> names;
    for (const policies::Policy* policy : selection_.policies) names.insert(policy->table);
    auto catalog = source.catalog({names.begin(), names.end()});
    if (!catalog) return tl::unexpected(catalog.error());
    catalog_ = std::move(*catalog);
    return {};
  }

  tl::expected<Explanations, std::string> explain(const CatalogSource* source) {
    Explanations result;
    const policies::ShapeRef shape = plans_.shape(sql_, outline_);
    for (std::size_t i = 0; i < outline_.statements.size(); ++i) {
      StatementExplanation each;
      const auto& span = outline_.statements[i];
      each.sql = sql_.substr(span.begin, span.end - span.begin);
      if (i >= shape->statements.size()) {
        each.reason_unread = std::string(policies::explanation(shape->reason));
        result.push_back(std::move(each));
        continue;
      }
      const parser::RelationName* written = parser::written_table(shape->statements[i]);
      policies::Oid table = 0;
      if (written != nullptr && source != nullptr) {
        const auto resolved = source->resolve(*written);
        if (!resolved) return tl::unexpected(resolved.error());
        table = *resolved;
      }
      add_outcome(i, situation(Moment::UpFront, table), each);
      if (written != nullptr) add_violations(i, *written, table, each);
      result.push_back(std::move(each));
    }
    return result;
  }

 private:
  policies::Situation situation(Moment moment, policies::Oid table) const {
    policies::Situation situation;
    situation.moment = moment;
    situation.selection = &selection_;
    situation.catalog = catalog_ ? &*catalog_ : nullptr;
    situation.suspensions = &suspensions_;
    situation.table = table;
    return situation;
  }

  void add_violations(std::size_t index, const parser::RelationName& name, policies::Oid oid,
                      StatementExplanation& each) {
    auto violated = situation(Moment::AfterViolation, oid);
    const policies::Table* table = catalog_ ? catalog_->find(oid) : nullptr;
    if (table != nullptr) {
      violated.violated_schema = table->schema;
      violated.violated_table = table->name;
      for (const policies::UniqueIndex& unique : table->indexes) {
        violated.violated_constraint = unique.name;
        add_outcome(index, violated, each);
      }
      return;
    }
    for (const policies::Policy* policy : selection_.policies) {
      if (policy->table != name.name || policy->constraint.empty()) continue;
      if (policy->constraint == "*") continue;
      violated.violated_schema = policy->schema;
      violated.violated_table = policy->table;
      violated.violated_constraint = policy->constraint;
      add_outcome(index, violated, each);
    }
  }

  void add_outcome(std::size_t index, const policies::Situation& situation,
                   StatementExplanation& each) {
    const policies::PlanRef plan = plans_.plan(sql_, outline_, index, situation);
    if (plan->decision.policy == nullptr) return;
    Outcome outcome;
    outcome.moment = situation.moment;
    outcome.violated = situation.violated_constraint;
    outcome.decision = plan->decision;
    if (policies::changes_text(*plan)) {
      outcome.sql =
          parser::apply(sql_, {policies::edit_of(*plan, sql_, outline_.statements[index])});
    }
    each.outcomes.push_back(std::move(outcome));
  }

  const std::string& sql_;
  policies::Selection selection_;
  policies::PlanCache plans_;
  parser::Outline outline_;
  std::optional<policies::Catalog> catalog_;
  policies::Suspensions suspensions_;
};

// In `observe` the rewritten form is counted, never sent.
std::string_view result_label(const Outcome& outcome) {
  if (outcome.decision.reason != Reason::None) return "left_alone";
  if (outcome.decision.policy->mode != policies::Mode::Enforce) return "observed";
  return reports_no_rows(outcome) ? "answered" : "rewritten";
}

admin::ExplainedOutcome in_words(const Outcome& outcome) {
  const policies::Policy& policy = *outcome.decision.policy;
  admin::ExplainedOutcome words;
  words.moment = outcome.moment == Moment::UpFront ? "up_front" : "on_violation";
  words.violated = outcome.violated;
  words.policy = policy.name;
  words.mode = policies::label(policy.mode);
  words.action = policies::label(policy.action);
  words.result = result_label(outcome);
  if (outcome.decision.reason == Reason::None) {
    (reports_no_rows(outcome) ? words.tag = kNoRows : words.sql = outcome.sql);
  } else {
    words.reason = policies::label(outcome.decision.reason);
    words.explanation = policies::explanation(outcome.decision.reason);
  }
  return words;
}

}  // namespace

bool reports_no_rows(const Outcome& outcome) {
  return outcome.decision.remedy == policies::Remedy::ReportNoRows;
}

tl::expected<Explanations, std::string> explain_text(const std::string& sql,
                                                     const policies::Config& config,
                                                     const Speaker& speaker,
                                                     const CatalogSource* source) {
  Explainer explainer(sql, config, speaker);
  if (source != nullptr) {
    if (auto read = explainer.read_catalog(*source); !read) {
      return tl::unexpected(read.error());
    }
  }
  return explainer.explain(source);
}

admin::Explained in_words(const Explanations& explanations) {
  admin::Explained words;
  for (const StatementExplanation& each : explanations) {
    admin::ExplainedStatement statement{each.sql, each.reason_unread, {}};
    for (const Outcome& outcome : each.outcomes) statement.outcomes.push_back(in_words(outcome));
    words.push_back(std::move(statement));
  }
  return words;
}

}  // namespace pgconcord::cli
