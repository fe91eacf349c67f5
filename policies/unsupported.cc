#include "policies/unsupported.h"

#include <string>
#include <string_view>
#include <utility>

namespace pgconcord::policies {
namespace {

class Refusals {
 public:
  explicit Refusals(const Config& config) : file_(config.file) {}

  // `setting` is not carried out when `asked`; `instead` is the way out.
  void add(bool asked, std::string setting, std::string_view instead) {
    if (asked) add_at({file_, 0, 0, "", "", "", ""}, std::move(setting), instead);
  }
  void add(bool asked, const Policy& policy, std::string_view key, std::string_view instead) {
    if (!asked) return;
    add_at({policy.file, policy.line, 0, "", "", "", ""},
           "policy `" + policy.name + "`: " + std::string(key), instead);
  }
  std::vector<ConfigError> take() { return std::move(errors_); }

 private:
  void add_at(ConfigError error, std::string setting, std::string_view instead) {
    error.path = setting.substr(0, setting.find(' '));
    error.message = std::move(setting) + " is not implemented in this release";
    error.help = instead;
    errors_.push_back(std::move(error));
  }

  std::string file_;
  std::vector<ConfigError> errors_;
};

void refuse_settings(const Config& config, Refusals& refusals) {
  refusals.add(config.catalog.source == CatalogSource::Url, "catalog.source: url",
               "use `source: session`");
  refusals.add(config.metrics.partitions != "parent",
               "metrics.partitions: " + config.metrics.partitions, "use `partitions: parent`");
}

void refuse_keys(const Policy& policy, Refusals& refusals) {
  refusals.add(policy.statement == StatementKind::Copy && policy.apply == Apply::OnViolation,
               policy, "`statement: copy` with `apply: on_violation`", "use `apply: up_front`");
  refusals.add(policy.on_sequence_drift == SequenceDrift::Repair, policy,
               "`on_sequence_drift: repair`", "use `on_sequence_drift: report`");
}

}  // namespace

std::vector<ConfigError> not_in_this_build(const Config& config) {
  Refusals refusals(config);
  refuse_settings(config, refusals);
  for (const Policy& each : config.policies) refuse_keys(each, refusals);
  return refusals.take();
}

}  // namespace pgconcord::policies
