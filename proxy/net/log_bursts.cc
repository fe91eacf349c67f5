#include "proxy/net/log_bursts.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "proxy/net/log.h"

namespace pgconcord::net {
namespace {

template <class Label, std::size_t kSize>
std::string_view most_frequent(const std::array<std::uint64_t, kSize>& counts) {
  const auto largest = std::max_element(counts.begin(), counts.end());
  if (*largest == 0) return "pending";
  return metrics::label(static_cast<Label>(largest - counts.begin()));
}

std::string statement_id(const metrics::TemplateId& id, const policies::Log& settings) {
  if (settings.statements == "none" || id == metrics::TemplateId{}) return "";
  return fmt::format(" template={:016x}{:016x}", id.high, id.low);
}

}  // namespace

void log_bursts(const std::vector<metrics::Burst>& bursts, const policies::Log& settings) {
  for (const metrics::Burst& burst : bursts) {
    const metrics::IncidentGroup& group = burst.group;
    const metrics::Violation& violation = group.violation;
    spdlog::warn(
        "violations new={} total={} database={} table={} constraint={} kind={} statement={} "
        "application={} cause={} outcome={}{}",
        burst.count, group.count, quoted(group.database),
        quoted(violation.schema + "." + violation.table), quoted(violation.constraint),
        violation.kind, violation.statement, quoted(group.application),
        most_frequent<metrics::Cause>(group.causes),
        most_frequent<metrics::Outcome>(group.outcomes), statement_id(group.statement, settings));
  }
}

void log_suspensions(const std::vector<policies::Suspension>& suspensions) {
  for (const policies::Suspension& each : suspensions) {
    spdlog::warn(
        "policy suspended policy={} table={} role={} sqlstate={} reason=\"the rewritten statement "
        "failed as the original could not\" until=\"reload or DDL\" help=\"pgconcord check "
        "--connect\"",
        quoted(each.policy), quoted(each.schema + "." + each.table), quoted(each.role),
        quoted(each.sqlstate));
  }
}

}  // namespace pgconcord::net
