#include "proxy/net/handshake_gate.h"

#include <algorithm>

namespace pgconcord::net {

bool HandshakeGate::enter(Visitor& visitor) {
  if (taken_ < places_) {
    ++taken_;
    return true;
  }
  waiting_.push_back(&visitor);
  return false;
}

void HandshakeGate::leave(Visitor& visitor) {
  const auto place = std::find(waiting_.begin(), waiting_.end(), &visitor);
  if (place != waiting_.end()) {
    waiting_.erase(place);
    return;
  }
  --taken_;
  if (waiting_.empty()) return;
  if (!turn_) {
    turn_ = make_handle<uv_timer_t>(
        this, [&](uv_timer_t* handle) { return uv_timer_init(&loop_, handle); });
  }
  // Not from here: the visitor that leaves is in the middle of something.
  uv_timer_start(
      turn_.get(), [](uv_timer_t* timer) { static_cast<HandshakeGate*>(timer->data)->admit(); }, 0,
      0);
}

void HandshakeGate::admit() {
  while (taken_ < places_ && !waiting_.empty()) {
    Visitor& next = *waiting_.front();
    waiting_.pop_front();
    ++taken_;
    next.on_turn();  // may leave at once
  }
}

}  // namespace pgconcord::net
