// Private: follows the top-level VALUES list of an INSERT and finds rows that repeat the shape of
// the row before. The shape is what the key buffer holds for the row; parameter numbers do not
// count.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parser/outline.h"

namespace pgconcord::parser {

// In the key buffer a parameter is this byte, its digits (first row only), and a space.
inline constexpr char kParameterMark = '\x06';

class ValueRows {
 public:
  // Where a position in the text and one in the key buffer meet.
  struct Place {
    std::size_t text = 0;
    char* key = nullptr;
  };

  void restart() { *this = ValueRows(); }
  // The keyword VALUES at depth 0: rows follow. Drops what was known of an earlier list.
  void start() {
    restart();
    state_ = State::Expected;
  }
  [[nodiscard]] bool active() const { return state_ != State::None; }
  [[nodiscard]] bool inside() const { return state_ == State::Inside; }
  [[nodiscard]] bool inside_later_row() const { return inside() && rows_ > 0; }

  // A token at depth 0 that is neither a row's parenthesis nor the comma between rows.
  void finish(bool list_ends_the_query) {
    state_ = State::None;
    if (!list_ends_the_query) rows_ = 0;
  }
  // A comma at depth 0.
  void comma() { state_ = state_ == State::Between ? State::Expected : State::None; }
  void open(const char* key);
  // Returns where the key buffer goes on: before this row if it was a repetition.
  char* close(Place end);

  void store(StatementSpan& span);

 private:
  enum class State : std::uint8_t { None, Expected, Inside, Between };

  void keep_longest_run();

  State state_ = State::None;
  std::size_t rows_ = 0;
  const char* row_key_ = nullptr;  // this row's shape begins here
  const char* shape_ = nullptr;    // shape of the last row that was kept
  char* shape_end_ = nullptr;
  std::size_t row_end_ = 0;  // text position behind the last row
  std::size_t run_begin_ = kNoPosition;
  std::size_t run_end_ = kNoPosition;
  std::size_t best_begin_ = kNoPosition;
  std::size_t best_end_ = kNoPosition;
};

}  // namespace pgconcord::parser
