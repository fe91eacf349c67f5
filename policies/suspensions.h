// Policies that were stopped for a table and role because a rewritten statement failed as the
// original could not (I9). Shared by all workers; reading takes no lock while nothing is suspended.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace pgconcord::policies {

struct Suspension {
  std::string policy, schema, table, role, sqlstate;
  friend bool operator==(const Suspension&, const Suspension&) = default;
};

class Suspensions {
 public:
  // True when it is new: the same policy, table and role with another SQLSTATE is not.
  bool add(const Suspension& suspension);
  bool holds(std::string_view policy, std::string_view schema, std::string_view table,
             std::string_view role) const;
  // Raised by every change: part of a plan's cache key.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  std::vector<Suspension> all() const;
  // Those added since the last call, for the log.
  std::vector<Suspension> take_unreported();
  void clear();

 private:
  mutable std::mutex mutex_;
  std::vector<Suspension> suspended_;
  std::vector<Suspension> unreported_;
  std::atomic<bool> any_{false};  // lets holds() answer without the lock
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace pgconcord::policies
