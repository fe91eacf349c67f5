// How many TLS handshakes with clients one worker has under way. Those beyond wait their turn
// unread, in the order they came, so that a storm of connections is served and a slow one bounded
// (protocol.md 8.7). One thread.
#pragma once

#include <cstddef>
#include <deque>

#include "proxy/net/uv_handle.h"

namespace pgconcord::net {

class HandshakeGate {
 public:
  class Visitor {
   public:
    // A place is free and the visitor's, from the top of the loop.
    virtual void on_turn() = 0;

   protected:
    ~Visitor() = default;
  };

  HandshakeGate(uv_loop_t& loop, std::size_t places) : loop_(loop), places_(places) {}

  // True: the place is the visitor's now; else on_turn() comes later. Either way leave() is due.
  bool enter(Visitor& visitor);
  void leave(Visitor& visitor);
  // Before the loop ends.
  void close() { turn_.reset(); }

 private:
  void admit();

  uv_loop_t& loop_;
  std::size_t places_;
  std::size_t taken_ = 0;
  std::deque<Visitor*> waiting_;
  UvHandle<uv_timer_t> turn_;
};

}  // namespace pgconcord::net
