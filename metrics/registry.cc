#include "metrics/registry.h"

#include <prometheus/text_serializer.h>

#include <mutex>
#include <utility>

#include "metrics/exposition.h"
#include "metrics/series_limit.h"
#include "metrics/series_store.h"

namespace pgconcord::metrics {

// Order of the mutexes: one_render, then shards_mutex, then a shard's own, then the limit's.
struct Registry::Impl {
  explicit Impl(Caps caps) : limit(caps) {}

  std::vector<const SeriesStore*> stores() {
    const std::lock_guard lock(shards_mutex);
    std::vector<const SeriesStore*> all;
    all.reserve(shards.size() + 1);
    for (const auto& shard : shards) all.push_back(shard->series_.get());
    return all;
  }

  std::vector<std::function<void(Shard&)>> refreshers() {
    const std::lock_guard lock(shards_mutex);
    return refreshes;
  }

  SeriesLimit limit;
  std::mutex one_render;
  std::mutex shards_mutex;
  std::vector<std::unique_ptr<Shard>> shards;
  std::vector<std::function<void(Shard&)>> refreshes;
};

Registry::Registry(Caps caps) : impl_(std::make_unique<Impl>(caps)) {}

Registry::~Registry() = default;

Shard& Registry::make_shard() {
  std::unique_ptr<Shard> shard(new Shard(impl_->limit));  // the constructor is private
  const std::lock_guard lock(impl_->shards_mutex);
  return *impl_->shards.emplace_back(std::move(shard));
}

void Registry::on_scrape(std::function<void(Shard&)> refresh) {
  const std::lock_guard lock(impl_->shards_mutex);
  impl_->refreshes.push_back(std::move(refresh));
}

std::vector<Sample> Registry::samples(Metric metric) const {
  return Exposition(impl_->stores(), impl_->limit).samples(metric);
}

std::string Registry::render() const {
  const std::lock_guard lock(impl_->one_render);
  Shard scrape(impl_->limit);
  for (const auto& refresh : impl_->refreshers()) refresh(scrape);
  std::vector<const SeriesStore*> stores = impl_->stores();
  stores.push_back(scrape.series_.get());
  return prometheus::TextSerializer().Serialize(
      Exposition(std::move(stores), impl_->limit).Collect());
}

}  // namespace pgconcord::metrics
