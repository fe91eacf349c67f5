// Edit distance with neighbouring letters swapped counted once (optimal string alignment): typing
// errors are mostly those.
#include "policies/suggestion.h"

#include <algorithm>
#include <cstddef>

namespace pgconcord::policies {
namespace {

// No key or word of ours is longer; a longer one from a file is no typing error.
constexpr std::size_t kWordMax = 64;

std::size_t edit_distance(std::string_view from, std::string_view to) {
  const std::size_t width = to.size() + 1;
  std::vector<std::size_t> cells((from.size() + 1) * width);
  const auto cell = [&](std::size_t row, std::size_t column) -> std::size_t& {
    return cells[row * width + column];
  };
  for (std::size_t row = 0; row <= from.size(); ++row) cell(row, 0) = row;
  for (std::size_t column = 0; column < width; ++column) cell(0, column) = column;
  for (std::size_t row = 1; row <= from.size(); ++row) {
    for (std::size_t column = 1; column < width; ++column) {
      const std::size_t change = from[row - 1] == to[column - 1] ? 0 : 1;
      std::size_t best = std::min({cell(row - 1, column) + 1, cell(row, column - 1) + 1,
                                   cell(row - 1, column - 1) + change});
      if (row > 1 && column > 1 && from[row - 1] == to[column - 2] &&
          from[row - 2] == to[column - 1]) {
        best = std::min(best, cell(row - 2, column - 2) + 1);
      }
      cell(row, column) = best;
    }
  }
  return cells.back();
}

std::string folded(std::string_view word) {
  std::string result(word);
  for (char& each : result) {
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
    if (each == '-' || each == ' ') each = '_';
  }
  return result;
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& names) {
  if (word.empty() || word.size() > kWordMax) return "";
  const std::string wanted = folded(word);
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const std::string_view name : names) {
    const std::size_t distance = edit_distance(wanted, folded(name));
    if (distance < best_distance && distance < name.size()) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text.append("`").append(name).append("`");
  }
  return text;
}

}  // namespace pgconcord::policies
