#include "proxy/net/console_desk.h"

#include <utility>

#include "proxy/limits.h"

namespace pgconcord::net {

void ConsoleDesk::open(Know know) {
  const std::lock_guard lock(mutex_);
  know_ = std::move(know);
  is_closed_ = false;
}

void ConsoleDesk::ask(console::Question question, Reply reply) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_closed_ && waiting_.size() < kConsoleQuestionsMax) {
      waiting_.push_back({std::move(question), std::move(reply)});
      if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
      changed_.notify_one();
      return;
    }
  }
  reply(tl::unexpected(console::Refusal{"53300", "too many statements wait for the console", "",
                                        "Try again shortly."}));
}

void ConsoleDesk::run() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_closed_ || !waiting_.empty(); });
    if (is_closed_) return;
    const Inquiry inquiry = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    inquiry.reply(know_(inquiry.question));
  }
}

void ConsoleDesk::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    waiting_.clear();
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace pgconcord::net
