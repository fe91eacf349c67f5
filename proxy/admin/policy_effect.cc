#include "proxy/admin/policy_effect.h"

#include <algorithm>

namespace pgconcord::admin {
namespace {

using metrics::Metric;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

PolicyEffect described(const policies::Policy& policy) {
  PolicyEffect effect;
  effect.name = policy.name;
  effect.mode = policies::label(policy.mode);
  effect.table = policy.schema + "." + policy.table;
  effect.constraint =
      policy.constraint.empty() ? "(" + joined(policy.columns) + ")" : policy.constraint;
  effect.statement = policies::label(policy.statement);
  effect.action = policies::label(policy.action);
  effect.apply = policies::label(policy.apply);
  return effect;
}

}  // namespace

std::vector<PolicyEffect> policy_effects(const policies::Config& config,
                                         const metrics::Registry& registry,
                                         const std::function<bool(const std::string&)>& suspended) {
  std::vector<PolicyEffect> effects;
  for (const policies::Policy& policy : config.policies) {
    effects.push_back(described(policy));
    effects.back().suspended = suspended(policy.name);
  }
  // `policy` is the first label of each of these.
  const auto each = [&](Metric metric, const auto& add) {
    for (const metrics::Sample& sample : registry.samples(metric)) {
      const auto found = std::find_if(effects.begin(), effects.end(), [&](const PolicyEffect& e) {
        return e.name == sample.labels[0];
      });
      if (found != effects.end()) add(*found, sample);
    }
  };
  each(Metric::Rewrites, [](PolicyEffect& effect, const metrics::Sample& sample) {
    (sample.labels.back() == "rewritten" ? effect.rewritten : effect.observed) += sample.value;
  });
  each(Metric::ConflictsAbsorbed, [](PolicyEffect& effect, const metrics::Sample& sample) {
    effect.absorbed += sample.value;
  });
  each(Metric::RewriteErrors,
       [](PolicyEffect& effect, const metrics::Sample& sample) { effect.errors += sample.value; });
  each(Metric::LeftAlone, [](PolicyEffect& effect, const metrics::Sample& sample) {
    if (sample.value > 0) effect.left_alone[sample.labels.back()] += sample.value;
  });
  return effects;
}

std::vector<RewriteCount> rewrite_counts(const metrics::Registry& registry) {
  std::vector<RewriteCount> counts;
  for (const metrics::Sample& sample : registry.samples(Metric::Rewrites)) {
    const auto& labels = sample.labels;
    counts.push_back({labels[0], labels[1], labels[2], labels[3], labels[4], sample.value});
  }
  std::sort(counts.begin(), counts.end(),
            [](const auto& left, const auto& right) { return left.count > right.count; });
  return counts;
}

}  // namespace pgconcord::admin
