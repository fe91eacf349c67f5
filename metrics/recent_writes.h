// The writes of the last moments by a hash of their text and parameters: was the very same write
// sent before? One for the process. Lossy on purpose: one slot per hash, the newest write wins, and
// a torn read costs no more than one wrong guess of a cause.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "metrics/evidence.h"

namespace pgconcord::metrics {

class RecentWrites {
 public:
  RecentWrites() : slots_(kSlots) {}

  // Notes the write and tells who sent the same one last. Any thread; two loads and two stores.
  // `session` is never 0; `now` counts from the machine's start, far below 2^32 seconds.
  SameWrite note(std::uint64_t hash, std::uint32_t session, std::chrono::milliseconds now) {
    Slot& slot = slots_[hash % kSlots];
    const std::uint64_t known = slot.hash.load(std::memory_order_relaxed);
    const std::uint64_t sender = slot.sender.load(std::memory_order_relaxed);
    slot.hash.store(hash, std::memory_order_relaxed);
    slot.sender.store(packed(session, now), std::memory_order_relaxed);
    if (known != hash || sender == 0) return {};
    // 100 ms: a time that fits into 32 bits and is finer than every window.
    return {static_cast<std::uint32_t>(sender >> 32),
            std::chrono::milliseconds((sender & 0xFFFFFFFFU) * kTick)};
  }

 private:
  static constexpr std::size_t kSlots = 16'384;
  static constexpr std::int64_t kTick = 100;
  struct Slot {
    std::atomic<std::uint64_t> hash{0};
    std::atomic<std::uint64_t> sender{0};  // session and time
  };

  static std::uint64_t packed(std::uint32_t session, std::chrono::milliseconds now) {
    const auto ticks = static_cast<std::uint64_t>(now.count() / kTick) & 0xFFFFFFFFU;
    return (static_cast<std::uint64_t>(session) << 32) | ticks;
  }

  std::vector<Slot> slots_;
};

}  // namespace pgconcord::metrics
