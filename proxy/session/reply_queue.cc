#include "proxy/session/reply_queue.h"

#include <algorithm>
#include <utility>

namespace pgconcord::session {

const Rewritten* ReplyDetail::current() const {
  for (const Rewritten& part : rewritten) {
    if (part.index == done) return &part;
  }
  return nullptr;
}

void ReplyQueue::push(Expected&& expected) {
  if (expected.reply == Reply::Sync) skipping_ = false;
  entries_.push_back(std::move(expected));
}

void ReplyQueue::pop() {
  constexpr std::size_t kCompactAt = 1024;
  failed_query_ = false;
  entries_[head_++].detail.reset();
  if (empty()) {
    entries_.clear();
    head_ = 0;
    if (entries_.capacity() > kCompactAt) entries_.shrink_to_fit();
  } else if (head_ >= kCompactAt && head_ * 2 > entries_.size()) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void ReplyQueue::fail(std::vector<Expected>& dropped) {
  switch (front().reply) {
    case Reply::Query:
    case Reply::FunctionCall:
    case Reply::Sync:
      failed_query_ = true;
      return;
    case Reply::Parse:
    case Reply::Bind:
    case Reply::DescribeStatement:
    case Reply::DescribePortal:
    case Reply::Execute:
    case Reply::Close:
      break;
  }
  while (!empty() && front().reply != Reply::Sync) {
    dropped.push_back(std::move(front()));
    pop();
  }
  skipping_ = empty();
}

ReplyQueue::IgnoredSyncs ReplyQueue::drop_ignored_syncs() {
  if (front().copy_ends > 0) {
    --front().copy_ends;
    return {0, true};
  }
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(head_) + 1;
  auto last = first;
  std::uint16_t ends = 0;
  for (; ends == 0 && last != entries_.end() && last->reply == Reply::Sync; ++last) {
    ends = last->copy_ends;
  }
  const auto count = static_cast<std::size_t>(last - first);
  entries_.erase(first, last);
  // What the last of them had beyond this COPY's end belongs to the next one of the same text.
  if (ends > 0) front().copy_ends = static_cast<std::uint16_t>(ends - 1);
  return {count, ends > 0};
}

const Expected& ReplyQueue::end_of_look_up() const {
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(head_);
  const auto end =
      std::find_if(first, entries_.end(), [](const Expected& entry) { return entry.ends_look_up; });
  return end == entries_.end() ? entries_.back() : *end;
}

void ReplyQueue::clear() {
  entries_.clear();
  head_ = 0;
  skipping_ = failed_query_ = false;
}

}  // namespace pgconcord::session
