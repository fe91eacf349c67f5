// One question to all workers: which sessions they have. Each answers on its own thread between two
// events, so that sessions need no lock for it; one that is stuck is not waited for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "metrics/session_facts.h"

namespace pgconcord::net {

class Survey {
 public:
  explicit Survey(std::size_t workers) : due_(workers) {}

  // Each worker, once.
  void add(std::vector<metrics::SessionFacts> sessions) {
    {
      const std::lock_guard lock(mutex_);
      sessions_.insert(sessions_.end(), std::make_move_iterator(sessions.begin()),
                       std::make_move_iterator(sessions.end()));
      --due_;
    }
    answered_.notify_one();
  }

  // Of the workers that answered by then.
  std::vector<metrics::SessionFacts> wait(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    answered_.wait_for(lock, at_most, [this] { return due_ == 0; });
    return sessions_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<metrics::SessionFacts> sessions_;
  std::size_t due_;
};

}  // namespace pgconcord::net
