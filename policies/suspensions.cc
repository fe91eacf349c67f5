#include "policies/suspensions.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace pgconcord::policies {
namespace {

// Between two looks at them; the gauge tells of all.
constexpr std::size_t kUnreportedMax = 1000;

bool same_place(const Suspension& a, const Suspension& b) {
  return a.policy == b.policy && a.schema == b.schema && a.table == b.table && a.role == b.role;
}

}  // namespace

bool Suspensions::add(const Suspension& suspension) {
  const std::lock_guard lock(mutex_);
  const bool known = std::any_of(suspended_.begin(), suspended_.end(), [&](const Suspension& each) {
    return same_place(each, suspension);
  });
  if (known) return false;
  suspended_.push_back(suspension);
  if (unreported_.size() < kUnreportedMax) unreported_.push_back(suspension);
  any_.store(true, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_acq_rel);
  return true;
}

bool Suspensions::holds(std::string_view policy, std::string_view schema, std::string_view table,
                        std::string_view role) const {
  if (!any_.load(std::memory_order_acquire)) return false;
  const std::lock_guard lock(mutex_);
  return std::any_of(suspended_.begin(), suspended_.end(), [&](const Suspension& each) {
    return each.policy == policy && each.schema == schema && each.table == table &&
           each.role == role;
  });
}

std::vector<Suspension> Suspensions::all() const {
  const std::lock_guard lock(mutex_);
  return suspended_;
}

std::vector<Suspension> Suspensions::take_unreported() {
  const std::lock_guard lock(mutex_);
  return std::exchange(unreported_, {});
}

void Suspensions::clear() {
  const std::lock_guard lock(mutex_);
  if (suspended_.empty()) return;
  suspended_.clear();
  any_.store(false, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_acq_rel);
}

}  // namespace pgconcord::policies
