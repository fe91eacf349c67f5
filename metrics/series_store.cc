#include "metrics/series_store.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "metrics/label_value.h"
#include "metrics/series_limit.h"

namespace pgconcord::metrics {
namespace {

// A mistake in our own code that no input can cause.
void check_shape(const SeriesView& series, MetricType type) {
  const MetricDefinition& wanted = definition(series.metric);
  const bool is_histogram = type == MetricType::Histogram;
  const bool should_be_histogram = wanted.type == MetricType::Histogram;
  if (series.labels.size() == wanted.labels.size() && is_histogram == should_be_histogram) return;
  std::fprintf(stderr, "%s: looked up with %zu labels as a %s, defined otherwise\n",
               std::string(wanted.name).c_str(), series.labels.size(),
               is_histogram ? "histogram" : "number");
  std::abort();
}

SeriesKey sanitised(const SeriesView& series) {
  SeriesKey key{series.metric, {}};
  key.labels.reserve(series.labels.size());
  for (const std::string_view label : series.labels) key.labels.push_back(label_value(label));
  return key;
}

template <class Value, class Map>
std::vector<SeriesStore::Entry<Value>> addresses(const Map& map) {
  std::vector<SeriesStore::Entry<Value>> entries;
  entries.reserve(map.size());
  for (const auto& [key, value] : map) entries.push_back({&key, &value});
  return entries;
}

}  // namespace

// The labels are looked up as they came: a hit is a sanitised and admitted series by construction.
// Ones that need a change, or have no series of their own, take the slow path every time.
Cell& SeriesStore::cell(const SeriesView& series) {
  check_shape(series, MetricType::Counter);
  const std::lock_guard lock(mutex_);
  if (const auto known = cells_.find(series); known != cells_.end()) return known->second;
  return cells_.try_emplace(limit_.admit(sanitised(series))).first->second;
}

HistogramCell& SeriesStore::histogram(const SeriesView& series) {
  check_shape(series, MetricType::Histogram);
  const std::lock_guard lock(mutex_);
  if (const auto known = histograms_.find(series); known != histograms_.end()) {
    return known->second;
  }
  return histograms_.try_emplace(limit_.admit(sanitised(series)), definition(series.metric).bounds)
      .first->second;
}

std::vector<SeriesStore::Entry<Cell>> SeriesStore::cells() const {
  const std::lock_guard lock(mutex_);
  return addresses<Cell>(cells_);
}

std::vector<SeriesStore::Entry<HistogramCell>> SeriesStore::histograms() const {
  const std::lock_guard lock(mutex_);
  return addresses<HistogramCell>(histograms_);
}

}  // namespace pgconcord::metrics
