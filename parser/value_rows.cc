#include "parser/value_rows.h"

#include <cstring>

namespace pgconcord::parser {
namespace {

struct Shape {
  const char* begin;
  const char* end;
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end - begin); }
};

const char* skip_digits(const char* at, const char* end) {
  while (at < end && *at >= '0' && *at <= '9') ++at;
  return at;
}

bool equal_shapes(Shape left, Shape right) {
  if (left.size() == right.size() && std::memcmp(left.begin, right.begin, left.size()) == 0)
    return true;
  while (left.begin < left.end && right.begin < right.end) {
    if (*left.begin != *right.begin) return false;
    const bool parameter = *left.begin == kParameterMark;
    ++left.begin;
    ++right.begin;
    if (!parameter) continue;
    left.begin = skip_digits(left.begin, left.end);
    right.begin = skip_digits(right.begin, right.end);
  }
  return left.begin == left.end && right.begin == right.end;
}

}  // namespace

void ValueRows::open(const char* key) {
  if (state_ == State::Expected) {
    state_ = State::Inside;
    row_key_ = key;
  } else {
    finish(false);
  }
}

char* ValueRows::close(Place end) {
  state_ = State::Between;
  const bool first = rows_++ == 0;
  if (!first && equal_shapes({shape_, shape_end_}, {row_key_, end.key})) {
    if (run_begin_ == kNoPosition) run_begin_ = row_end_;
    run_end_ = row_end_ = end.text;
    return shape_end_;
  }
  keep_longest_run();
  shape_ = row_key_;
  shape_end_ = end.key;
  row_end_ = end.text;
  return end.key;
}

void ValueRows::keep_longest_run() {
  if (run_begin_ != kNoPosition &&
      (best_begin_ == kNoPosition || run_end_ - run_begin_ > best_end_ - best_begin_)) {
    best_begin_ = run_begin_;
    best_end_ = run_end_;
  }
  run_begin_ = run_end_ = kNoPosition;
}

void ValueRows::store(StatementSpan& span) {
  keep_longest_run();
  span.value_rows = rows_;
  span.collapsed_begin = best_begin_;
  span.collapsed_end = best_end_;
}

}  // namespace pgconcord::parser
