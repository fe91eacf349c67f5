// All shards as prometheus-cpp's values. The library's own counters are not used: an increment of
// theirs costs 18 to 49 ns and a look-up over 1 us, a cell costs a load and a store.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <utility>
#include <vector>

#include "metrics/registry.h"
#include "metrics/series_limit.h"
#include "metrics/series_store.h"

namespace pgconcord::metrics {

class Exposition : public prometheus::Collectable {
 public:
  // The stores and the limit outlive this.
  Exposition(std::vector<const SeriesStore*> stores, const SeriesLimit& limit)
      : stores_(std::move(stores)), limit_(limit) {}

  // Every family of the table in its order, also those without series, then process_*. Series are
  // ordered by their labels.
  std::vector<prometheus::MetricFamily> Collect() const override;
  std::vector<Sample> samples(Metric metric) const;

 private:
  std::vector<const SeriesStore*> stores_;
  const SeriesLimit& limit_;
};

}  // namespace pgconcord::metrics
