// The catalogs known to the process, one per database and role, shared by all workers. Asked once
// per session start.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policies/catalog.h"

namespace pgconcord::policies {

using CatalogRef = std::shared_ptr<const Catalog>;

class CatalogCache {
 public:
  // nullptr when there is none or it is older than `refresh` or marked stale: the caller should
  // load and store one.
  CatalogRef fresh(std::string_view database, std::string_view role, std::chrono::milliseconds now,
                   std::chrono::milliseconds refresh) const;
  // When the one fresh() answers was loaded; nothing when there is none.
  std::optional<std::chrono::milliseconds> loaded_at(std::string_view database,
                                                     std::string_view role) const;
  // One of each database and role.
  struct Known {
    std::string database;
    CatalogRef catalog;
    bool stale = false;
  };
  std::vector<Known> all() const;
  void store(std::string_view database, CatalogRef catalog, std::chrono::milliseconds now);
  // After DDL seen on the wire or a 42P10: every role of the database.
  void mark_stale(std::string_view database);
  // After a reload: other tables may be named.
  void clear();

 private:
  struct Entry {
    CatalogRef catalog;
    std::chrono::milliseconds loaded{};
    bool stale = false;
  };
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Entry> entries_;
};

}  // namespace pgconcord::policies
