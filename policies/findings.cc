#include "policies/findings.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace pgconcord::policies {
namespace {

// Nobody reads more; a hostile file must not cost memory per error.
constexpr std::size_t kErrorsMax = 100;

}  // namespace

bool Findings::is_full() const { return errors_.size() >= kErrorsMax; }

void Findings::add(Position at, std::string path, Problem problem) {
  reported_.insert(path);
  if (is_full()) {
    ++left_out_;
    return;
  }
  errors_.push_back(source_.error(at, std::move(path), std::move(problem)));
}

ConfigErrors Findings::take() {
  std::stable_sort(errors_.begin(), errors_.end(), [](const auto& left, const auto& right) {
    return std::tie(left.line, left.column) < std::tie(right.line, right.column);
  });
  if (left_out_ > 0) {
    errors_.push_back(source_.error(
        {}, "", {std::to_string(left_out_) + " more errors", "correct the first ones"}));
  }
  return std::move(errors_);
}

}  // namespace pgconcord::policies
