// Which addresses of the server answered last, as the connections of all workers found out. Any
// thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pgconcord::net {

class UpstreamHealth {
 public:
  explicit UpstreamHealth(std::size_t addresses) : entries_(addresses) {}

  void record(std::size_t address, bool reachable) {
    entries_[address].up.store(reachable, std::memory_order_relaxed);
    if (reachable) last_success_.store(now(), std::memory_order_relaxed);
  }
  bool is_up(std::size_t address) const {
    return entries_[address].up.load(std::memory_order_relaxed);
  }
  // Whether it fitted target_session_attrs when it was last asked; unknown ones are worth a try.
  void record_fit(std::size_t address, bool fits) {
    entries_[address].unfit.store(!fits, std::memory_order_relaxed);
  }
  bool is_unfit(std::size_t address) const {
    return entries_[address].unfit.load(std::memory_order_relaxed);
  }
  // A connection succeeded within `age`.
  bool was_reached_within(std::chrono::milliseconds age) const {
    const std::int64_t last = last_success_.load(std::memory_order_relaxed);
    return last != 0 && now() - last <= age.count();
  }

 private:
  struct Entry {
    std::atomic<bool> up{false};
    std::atomic<bool> unfit{false};
  };

  static std::int64_t now() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
  }

  std::vector<Entry> entries_;
  std::atomic<std::int64_t> last_success_{0};
};

}  // namespace pgconcord::net
