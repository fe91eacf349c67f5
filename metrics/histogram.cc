#include <algorithm>

#include "metrics/registry.h"

namespace pgconcord::metrics {

HistogramCell::HistogramCell(std::span<const double> bounds)
    : bounds_(bounds), buckets_(bounds.size() + 1) {}

void HistogramCell::observe(double seconds) {
  // `le`: a value equal to a bound belongs to its bucket.
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), seconds);
  auto& bucket = buckets_[static_cast<std::size_t>(bound - bounds_.begin())];
  bucket.store(bucket.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  sum_.store(sum_.load(std::memory_order_relaxed) + seconds, std::memory_order_relaxed);
}

// The count is the sum of the buckets just read, so a scrape in the middle of observe() still sees
// buckets that agree with it.
HistogramCell::Snapshot HistogramCell::snapshot() const {
  Snapshot taken{{bounds_.begin(), bounds_.end()}, {}, 0, 0};
  taken.cumulative.reserve(bounds_.size());
  for (const auto& bucket : buckets_) {
    taken.count += bucket.load(std::memory_order_relaxed);
    taken.cumulative.push_back(taken.count);
  }
  taken.cumulative.pop_back();
  taken.sum = sum_.load(std::memory_order_relaxed);
  return taken;
}

}  // namespace pgconcord::metrics
