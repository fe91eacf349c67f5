#include "proxy/net/errands.h"

#include <chrono>
#include <condition_variable>
#include <optional>
#include <utility>

namespace pgconcord::net {
namespace {

// Reading a configuration takes milliseconds; a worker may be busy for seconds.
constexpr std::chrono::seconds kPatience{10};

policies::Change unavailable(std::string message, std::string help) {
  return tl::unexpected(policies::ChangeRefusal{
      policies::Obstacle::Unavailable, std::move(message), std::move(help), {}});
}

}  // namespace

struct Errands::Errand {
  explicit Errand(Work asked) : work(std::move(asked)) {}

  void end(policies::Change how) {
    {
      const std::lock_guard lock(mutex);
      if (!outcome) outcome = std::move(how);
    }
    ended.notify_one();
  }

  policies::Change wait() {
    std::unique_lock lock(mutex);
    ended.wait_for(lock, kPatience, [this] { return outcome.has_value(); });
    if (outcome) return std::move(*outcome);
    outcome = unavailable("", "");  // nobody looks at a later one
    return unavailable("the proxy did not answer in time",
                       "the change may still come into force: look at its log");
  }

  const Work work;
  std::mutex mutex;
  std::condition_variable ended;
  std::optional<policies::Change> outcome;
};

Errands::Errands(std::function<void()> wake) : wake_(std::move(wake)) {}
Errands::~Errands() = default;

policies::Change Errands::ask(Work work) {
  auto errand = std::make_shared<Errand>(std::move(work));
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return unavailable("the proxy is ending", "");
    waiting_.push_back(errand);
  }
  wake_();
  return errand->wait();
}

void Errands::run() {
  std::vector<std::shared_ptr<Errand>> errands;
  {
    const std::lock_guard lock(mutex_);
    std::swap(errands, waiting_);
    std::erase_if(started_, [](const auto& each) { return each.expired(); });
    started_.insert(started_.end(), errands.begin(), errands.end());
  }
  for (const auto& errand : errands) {
    errand->work([errand](policies::Change how) { errand->end(std::move(how)); });
  }
}

void Errands::close() {
  std::vector<std::shared_ptr<Errand>> errands;
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    std::swap(errands, waiting_);
    for (const auto& each : started_) {
      if (auto errand = each.lock()) errands.push_back(std::move(errand));
    }
  }
  for (const auto& errand : errands) errand->end(unavailable("the proxy is ending", ""));
}

}  // namespace pgconcord::net
