// The identity of one series, owned and as a view of the caller's labels, hashed alike: a look-up
// of a known series allocates nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/metric.h"

namespace pgconcord::metrics {

struct SeriesView {
  Metric metric;
  std::span<const std::string_view> labels;  // in the order of the definition
};

struct SeriesKey {
  Metric metric;
  std::vector<std::string> labels;
};

struct SeriesHash {
  using is_transparent = void;

  template <class Series>
  std::size_t operator()(const Series& series) const {
    auto hash = static_cast<std::size_t>(series.metric);
    for (std::string_view label : series.labels) {
      // Fibonacci constant: the order of the labels counts.
      hash = hash * 0x9E3779B97F4A7C15U + std::hash<std::string_view>{}(label);
    }
    return hash;
  }
};

struct SeriesEqual {
  using is_transparent = void;

  template <class Left, class Right>
  bool operator()(const Left& left, const Right& right) const {
    return left.metric == right.metric && std::equal(left.labels.begin(), left.labels.end(),
                                                     right.labels.begin(), right.labels.end());
  }
};

}  // namespace pgconcord::metrics
