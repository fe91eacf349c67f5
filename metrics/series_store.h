// The series of one shard. Cells are added by the shard's thread under the mutex and never removed
// or moved, so a scrape holds the mutex only while it copies their addresses.
#pragma once

#include <mutex>
#include <unordered_map>
#include <vector>

#include "metrics/registry.h"
#include "metrics/series_key.h"

namespace pgconcord::metrics {

class SeriesLimit;

class SeriesStore {
 public:
  template <class Value>
  struct Entry {
    const SeriesKey* key;
    const Value* value;
  };

  explicit SeriesStore(SeriesLimit& limit) : limit_(limit) {}

  Cell& cell(const SeriesView& series);
  HistogramCell& histogram(const SeriesView& series);

  // Any thread; valid as long as the store.
  std::vector<Entry<Cell>> cells() const;
  std::vector<Entry<HistogramCell>> histograms() const;

 private:
  template <class Value>
  using Map = std::unordered_map<SeriesKey, Value, SeriesHash, SeriesEqual>;

  SeriesLimit& limit_;
  mutable std::mutex mutex_;
  Map<Cell> cells_;
  Map<HistogramCell> histograms_;
};

}  // namespace pgconcord::metrics
