// How many series and label values the process keeps, whatever its clients send (protocol.md 8.4).
// First come, first served: what was admitted once stays, so a counter never moves to `__other__`.
// Used on look-ups of unknown series only; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "metrics/registry.h"
#include "metrics/series_key.h"

namespace pgconcord::metrics {

class SeriesLimit {
 public:
  explicit SeriesLimit(Caps caps) : caps_(caps) {}

  // The key under which these labels are to be counted. Over the limit of a label's values that
  // value is `__other__`; over the limit of constraint series schema, table and constraint are.
  SeriesKey admit(SeriesKey key);

  std::size_t series() const;
  std::uint64_t dropped() const;

 private:
  bool admit_values(SeriesKey& key);
  bool admit_series(SeriesKey& key);
  std::size_t values_max(std::string_view label) const;

  const Caps caps_;
  mutable std::mutex mutex_;
  std::map<std::string_view, std::unordered_set<std::string>> values_;
  std::unordered_set<SeriesKey, SeriesHash, SeriesEqual> series_;
  std::uint64_t dropped_ = 0;
};

}  // namespace pgconcord::metrics
