#include "metrics/registry.h"
#include "metrics/series_store.h"

namespace pgconcord::metrics {

Shard::Shard(SeriesLimit& limit) : series_(std::make_unique<SeriesStore>(limit)) {}

Shard::~Shard() = default;

Cell& Shard::cell(Metric metric, Labels labels) { return series_->cell({metric, labels}); }

HistogramCell& Shard::histogram(Metric metric, Labels labels) {
  return series_->histogram({metric, labels});
}

}  // namespace pgconcord::metrics
