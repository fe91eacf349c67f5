#include "metrics/series_limit.h"

#include <utility>

#include "metrics/label_value.h"

namespace pgconcord::metrics {
namespace {

// PostgreSQL 15 knows 43 SQLSTATE classes and some 260 SQLSTATEs; functions can raise any other.
constexpr std::size_t kSqlstateClassesMax = 64;
constexpr std::size_t kSqlstatesMax = 300;
// A server with a database per tenant has more of them than a dashboard can show.
constexpr std::size_t kDatabasesMax = 200;
constexpr std::size_t kUnlimited = SIZE_MAX;

bool names_a_constraint(std::string_view label) {
  return label == "schema" || label == "table" || label == "constraint";
}

}  // namespace

SeriesKey SeriesLimit::admit(SeriesKey key) {
  const std::lock_guard lock(mutex_);
  const bool values_fit = admit_values(key);
  const bool series_fits = !definition(key.metric).capped || admit_series(key);
  if (!values_fit || !series_fits) ++dropped_;
  return key;
}

std::size_t SeriesLimit::series() const {
  const std::lock_guard lock(mutex_);
  return series_.size();
}

std::uint64_t SeriesLimit::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

bool SeriesLimit::admit_values(SeriesKey& key) {
  bool all_fit = true;
  const auto names = definition(key.metric).labels;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t most = values_max(names[i]);
    if (most == kUnlimited || key.labels[i] == kOther) continue;
    auto& known = values_[names[i]];
    if (known.contains(key.labels[i])) continue;
    if (known.size() < most) {
      known.insert(key.labels[i]);
    } else {
      key.labels[i] = kOther;
      all_fit = false;
    }
  }
  return all_fit;
}

bool SeriesLimit::admit_series(SeriesKey& key) {
  if (series_.contains(key)) return true;
  if (series_.size() < caps_.constraint_series) {
    series_.insert(key);
    return true;
  }
  const auto names = definition(key.metric).labels;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names_a_constraint(names[i])) key.labels[i] = kOther;
  }
  return false;
}

std::size_t SeriesLimit::values_max(std::string_view label) const {
  if (label == "database") return kDatabasesMax;
  if (label == "sqlstate") return kSqlstatesMax;
  if (label == "sqlstate_class") return kSqlstateClassesMax;
  if (label == "application") return caps_.applications;
  return kUnlimited;  // closed sets of our own, or names from the configuration
}

}  // namespace pgconcord::metrics
