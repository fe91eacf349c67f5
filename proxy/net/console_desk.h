// Where the console's questions are answered: one thread beside the loops, because answers wait for
// workers and for the main loop. Bounded; the thread starts with the first question.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "proxy/console/question.h"

namespace pgconcord::net {

class ConsoleDesk {
 public:
  using Know = std::function<console::Answer(const console::Question&)>;
  // On the desk's thread, or the asking one where the desk is full or closed.
  using Reply = std::function<void(console::Answer)>;

  ConsoleDesk() = default;
  ~ConsoleDesk() { close(); }
  ConsoleDesk(const ConsoleDesk&) = delete;
  ConsoleDesk& operator=(const ConsoleDesk&) = delete;

  // Before the first question.
  void open(Know know);
  // Any thread.
  void ask(console::Question question, Reply reply);
  // Waits for the answer under way; what waits behind it is dropped.
  void close();

 private:
  struct Inquiry {
    console::Question question;
    Reply reply;
  };
  void run();

  Know know_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Inquiry> waiting_;
  bool is_closed_ = true;
  std::thread thread_;
};

}  // namespace pgconcord::net
