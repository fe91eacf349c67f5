// What other threads ask the main loop to do, and wait for: one reload, drain or change of a policy
// at a time, in order. A thread never waits for a loop that has ended.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "policies/change.h"

namespace pgconcord::net {

class Errands {
 public:
  // Called on the loop's thread, at most once; later calls are ignored.
  using Reply = std::function<void(policies::Change)>;
  using Work = std::function<void(const Reply&)>;

  // `wake`: any thread; makes the loop call run().
  explicit Errands(std::function<void()> wake);
  ~Errands();

  // Any thread but the loop's. The reply, or Unavailable when none came in time.
  policies::Change ask(Work work);
  // The loop's thread: starts what waits.
  void run();
  // The loop's thread: it ends, and with it everything that still waits.
  void close();

 private:
  struct Errand;
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Errand>> waiting_;
  std::vector<std::weak_ptr<Errand>> started_;
  bool is_closed_ = false;
};

}  // namespace pgconcord::net
