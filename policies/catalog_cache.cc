#include "policies/catalog_cache.h"

#include <algorithm>

namespace pgconcord::policies {
namespace {

// Roles times databases: a bound for servers with a role per tenant. The one loaded longest ago
// goes first.
constexpr std::size_t kCatalogsMax = 1000;

}  // namespace

CatalogRef CatalogCache::fresh(std::string_view database, std::string_view role,
                               std::chrono::milliseconds now,
                               std::chrono::milliseconds refresh) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({std::string(database), std::string(role)});
  if (found == entries_.end()) return nullptr;
  const Entry& entry = found->second;
  return entry.stale || now - entry.loaded >= refresh ? nullptr : entry.catalog;
}

std::optional<std::chrono::milliseconds> CatalogCache::loaded_at(std::string_view database,
                                                                 std::string_view role) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({std::string(database), std::string(role)});
  if (found == entries_.end()) return std::nullopt;
  return found->second.loaded;
}

std::vector<CatalogCache::Known> CatalogCache::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Known> known;
  for (const auto& [key, entry] : entries_) {
    known.push_back({key.first, entry.catalog, entry.stale});
  }
  return known;
}

void CatalogCache::store(std::string_view database, CatalogRef catalog,
                         std::chrono::milliseconds now) {
  if (catalog == nullptr) return;
  std::pair key{std::string(database), catalog->role()};
  const std::lock_guard lock(mutex_);
  entries_[std::move(key)] = {std::move(catalog), now, false};
  if (entries_.size() <= kCatalogsMax) return;
  entries_.erase(std::min_element(
      entries_.begin(), entries_.end(),
      [](const auto& a, const auto& b) { return a.second.loaded < b.second.loaded; }));
}

void CatalogCache::mark_stale(std::string_view database) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, entry] : entries_) {
    if (key.first == database) entry.stale = true;
  }
}

void CatalogCache::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

}  // namespace pgconcord::policies
