// Private: how deep PostgreSQL's parser and tree walkers will recurse, estimated from tokens alone.
// Brackets and CASE nest; operators, set operations and joins of one level make a left-deep chain.
// The estimate adds the chains of every open level, because that is the path a walker goes down.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pgconcord::parser {

class Nesting {
 public:
  enum class Kind : std::uint8_t { Bracket, Case };

  struct Level {
    std::size_t operators = 0;
    std::size_t set_operations = 0;
    Kind kind = Kind::Bracket;
  };

  // `storage` is only lent: it keeps its capacity from text to text.
  explicit Nesting(std::vector<Level>& storage) : levels_(storage) { levels_.clear(); }

  [[nodiscard]] std::size_t brackets() const { return brackets_; }
  [[nodiscard]] std::size_t deepest() const { return deepest_; }

  void open(Kind kind) {
    levels_.push_back(current_);
    outer_ += current_.operators + current_.set_operations + 1;
    current_ = Level{0, 0, kind};
    if (kind == Kind::Bracket) ++brackets_;
    deepest_ = std::max(deepest_, outer_);
  }

  // A closing bracket also closes what was left open inside it: `(CASE)` is broken, but must not
  // confuse the rest.
  void close_bracket() {
    if (brackets_ == 0) return;
    while (current_.kind == Kind::Case) pop();
    pop();
    --brackets_;
  }

  void close_case() {
    if (current_.kind == Kind::Case && !levels_.empty()) pop();
  }

  void add_operator() {
    ++current_.operators;
    note();
  }
  void add_set_operation() {
    ++current_.set_operations;
    current_.operators = 0;
    note();
  }
  // List items are siblings; set operations chain across the commas of their select lists.
  void next_item() { current_.operators = 0; }
  void next_statement() { current_.operators = current_.set_operations = 0; }

 private:
  void note() {
    deepest_ = std::max(deepest_, outer_ + current_.operators + current_.set_operations);
  }

  void pop() {
    current_ = levels_.back();
    levels_.pop_back();
    outer_ -= current_.operators + current_.set_operations + 1;
  }

  std::vector<Level>& levels_;
  Level current_;
  std::size_t outer_ = 0;
  std::size_t brackets_ = 0;
  std::size_t deepest_ = 0;
};

}  // namespace pgconcord::parser
