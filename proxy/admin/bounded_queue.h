// The server's threads and the connections that wait for them. When too many wait, accepting stops
// and further clients queue in the kernel: descriptors belong to database sessions.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>

namespace pgconcord::admin {

class BoundedQueue : public httplib::TaskQueue {
 public:
  struct Bounds {
    std::size_t threads;
    std::size_t waiting;
  };

  explicit BoundedQueue(Bounds bounds) : pool_(bounds.threads), waiting_max_(bounds.waiting) {}

  void enqueue(std::function<void()> connection) override {
    std::unique_lock lock(mutex_);
    taken_.wait(lock, [this] { return waiting_ < waiting_max_; });
    ++waiting_;
    pool_.enqueue([this, run = std::move(connection)] {
      take();
      run();
    });
  }

  // Runs what waits, then ends the threads.
  void shutdown() override { pool_.shutdown(); }

 private:
  void take() {
    const std::lock_guard lock(mutex_);
    --waiting_;
    taken_.notify_one();
  }

  httplib::ThreadPool pool_;
  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable taken_;
  std::size_t waiting_ = 0;
};

}  // namespace pgconcord::admin
