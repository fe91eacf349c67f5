// Counting without contention. Each worker has one Shard with cells that only it writes; the
// Registry sums the shards when it is scraped. A cell's address is stable for the life of its
// shard, so hot paths look it up once and keep it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/metric.h"

namespace pgconcord::metrics {

// One number, written by one thread, read by any. Counters and gauges alike; gauges may go down.
// The shards' cells of one series are put together as MetricDefinition::combine says.
class Cell {
 public:
  void add(double amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Fixed buckets in seconds, one writing thread.
class HistogramCell {
 public:
  // `bounds` ascend and outlive the cell (they stand in the table of definitions).
  explicit HistogramCell(std::span<const double> bounds);
  void observe(double seconds);

  // `cumulative` has one figure per bound, without +Inf, which is `count`.
  struct Snapshot {
    std::vector<double> bounds;
    std::vector<std::uint64_t> cumulative;
    double sum = 0;
    std::uint64_t count = 0;
  };
  Snapshot snapshot() const;

 private:
  std::span<const double> bounds_;
  std::vector<std::atomic<std::uint64_t>> buckets_;  // the last is what lies above all bounds
  std::atomic<double> sum_{0};
};

using Labels = std::initializer_list<std::string_view>;

class Registry;
class SeriesLimit;
class SeriesStore;

// The cells of one thread. Look-ups take the shard's own mutex (shared only with a scrape) and hash
// the labels; one of a known series allocates nothing.
class Shard {
 public:
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // `labels` in the order of the definition. Label values are cut to 63 bytes and made valid UTF-8;
  // over the caps the cell of a series with `__other__` in the capped labels is returned. Never
  // fails.
  Cell& cell(Metric metric, Labels labels);
  HistogramCell& histogram(Metric metric, Labels labels);

 private:
  friend class Registry;
  explicit Shard(SeriesLimit& limit);
  std::unique_ptr<SeriesStore> series_;
};

// One series as it would be exposed now.
struct Sample {
  std::vector<std::string> labels;  // in the order of the definition
  double value = 0;
};

struct Caps {
  std::size_t constraint_series = 2000;
  std::size_t applications = 50;
};

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
  // The series of one counter or gauge, all shards together, without what on_scrape() sets. Any
  // thread.
  std::vector<Sample> samples(Metric metric) const;

  // Called at the start of each render(), on the scraping thread, one render at a time, with an
  // empty shard that lives only for that render: a series that is not set again is gone (the policy
  // that a reload removed). So keep no cell of it, and set() absolute values. It must not call
  // render().
  void on_scrape(std::function<void(Shard&)> refresh);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgconcord::metrics
