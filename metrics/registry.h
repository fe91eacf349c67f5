// Counting without contention. Each worker has one Shard with cells that only it writes; the Registry sums the shards
// when it is scraped. A cell's address is stable for the life of its shard, so hot paths look it up once and keep it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/metric.h"

namespace pgconcord::metrics {

// One number, written by one thread, read by any. Counters and gauges alike; gauges may go down and are summed over shards.
class Cell {
 public:
  void add(double amount = 1) { value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed); }
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Fixed buckets in seconds (ecosystem.md section 3), one writing thread.
class HistogramCell {
 public:
  HistogramCell();
  void observe(double seconds);
  struct Snapshot { std::vector<double> bounds; std::vector<std::uint64_t> cumulative; double sum; std::uint64_t count; };
  Snapshot snapshot() const;

 private:
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::atomic<double> sum_{0};
};

using Labels = std::initializer_list<std::string_view>;

class Registry;

// The cells of one thread. Look-ups take the shard's own mutex (shared only with a scrape) and hash the labels.
class Shard {
 public:
  ~Shard();
  // `labels` in the order of the definition. Label values are cut to 63 bytes and made valid UTF-8; over the cap the
  // cell of the series whose capped labels are all `__other__` is returned. Never fails.
  Cell& cell(Metric metric, Labels labels);
  HistogramCell& histogram(Metric metric, Labels labels);

 private:
  friend class Registry;
  explicit Shard(Registry& registry);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct Caps { std::size_t constraint_series = 2000; std::size_t applications = 50; };

class Registry {
 public:
  explicit Registry(Caps caps);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // A shard for the calling thread; owned by the registry, lives as long as it does.
  Shard& make_shard();

  // Exposition format 0.0.4, including process_* and whatever `refresh` sets first. Any thread.
  std::string render() const;
  // Called at the start of each render(), on the scraping thread, with a shard of its own for gauges.
  void on_scrape(std::function<void(Shard&)> refresh);

 private:
  friend class Shard;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgconcord::metrics
