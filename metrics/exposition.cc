#include "metrics/exposition.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string>

#include "metrics/process_metrics.h"

namespace pgconcord::metrics {
namespace {

using LabelValues = std::vector<std::string>;
template <class Value>
using Families = std::array<std::map<LabelValues, Value>, kMetricCount>;

std::size_t index(Metric metric) { return static_cast<std::size_t>(metric); }

void combine(Families<double>& families, const SeriesKey& key, double value) {
  const auto [series, added] = families[index(key.metric)].try_emplace(key.labels, value);
  if (added) return;
  switch (definition(key.metric).combine) {
    case Combine::Sum:
      series->second += value;
      break;
    case Combine::Largest:
      series->second = std::max(series->second, value);
      break;
  }
}

void combine(Families<HistogramCell::Snapshot>& families, const SeriesKey& key,
             const HistogramCell::Snapshot& taken) {
  const auto [series, added] = families[index(key.metric)].try_emplace(key.labels, taken);
  if (added) return;
  HistogramCell::Snapshot& sum = series->second;
  for (std::size_t i = 0; i < sum.cumulative.size(); ++i) sum.cumulative[i] += taken.cumulative[i];
  sum.sum += taken.sum;
  sum.count += taken.count;
}

prometheus::MetricType type_of(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return prometheus::MetricType::Counter;
    case MetricType::Gauge:
      return prometheus::MetricType::Gauge;
    case MetricType::Histogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric labelled(const MetricDefinition& defined, const LabelValues& values) {
  prometheus::ClientMetric metric;
  metric.label.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    metric.label.push_back({std::string(defined.labels[i]), values[i]});
  }
  return metric;
}

void append(prometheus::MetricFamily& family, const MetricDefinition& defined,
            const std::map<LabelValues, double>& series) {
  for (const auto& [labels, value] : series) {
    prometheus::ClientMetric metric = labelled(defined, labels);
    metric.counter.value = value;  // the serialiser reads the one of the family's type
    metric.gauge.value = value;
    family.metric.push_back(std::move(metric));
  }
}

void append(prometheus::MetricFamily& family, const MetricDefinition& defined,
            const std::map<LabelValues, HistogramCell::Snapshot>& series) {
  for (const auto& [labels, taken] : series) {
    prometheus::ClientMetric metric = labelled(defined, labels);
    metric.histogram.sample_count = taken.count;
    metric.histogram.sample_sum = taken.sum;
    for (std::size_t i = 0; i < taken.bounds.size(); ++i) {
      metric.histogram.bucket.push_back({taken.cumulative[i], taken.bounds[i]});
    }
    family.metric.push_back(std::move(metric));
  }
}

}  // namespace

std::vector<Sample> Exposition::samples(Metric metric) const {
  Families<double> numbers;
  for (const SeriesStore* store : stores_) {
    for (const auto& entry : store->cells()) {
      if (entry.key->metric == metric) combine(numbers, *entry.key, entry.value->value());
    }
  }
  std::vector<Sample> found;
  for (const auto& [labels, value] : numbers[index(metric)]) found.push_back({labels, value});
  return found;
}

std::vector<prometheus::MetricFamily> Exposition::Collect() const {
  Families<double> numbers;
  Families<HistogramCell::Snapshot> histograms;
  for (const SeriesStore* store : stores_) {
    for (const auto& entry : store->cells()) combine(numbers, *entry.key, entry.value->value());
    for (const auto& entry : store->histograms()) {
      combine(histograms, *entry.key, entry.value->snapshot());
    }
  }
  numbers[index(Metric::MetricSeries)][{}] = static_cast<double>(limit_.series());
  numbers[index(Metric::MetricSeriesDropped)][{}] = static_cast<double>(limit_.dropped());

  std::vector<prometheus::MetricFamily> families;
  for (const MetricDefinition& defined : metric_definitions()) {
    prometheus::MetricFamily& family = families.emplace_back();
    family.name = defined.name;
    family.help = defined.help;
    family.type = type_of(defined.type);
    append(family, defined, numbers[index(defined.metric)]);
    append(family, defined, histograms[index(defined.metric)]);
  }
  for (auto& family : process_families()) families.push_back(std::move(family));
  return families;
}

}  // namespace pgconcord::metrics
