#include "metrics/application_name.h"

#include <algorithm>
#include <cstddef>

#include "metrics/label_value.h"

namespace pgconcord::metrics {
namespace {

constexpr std::size_t kNumberDigits = 3;
constexpr std::size_t kIdDigits = 8;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hexadecimal(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::size_t run_of(std::string_view text, bool (*belongs)(char)) {
  const auto end = std::find_if_not(text.begin(), text.end(), belongs);
  return static_cast<std::size_t>(end - text.begin());
}

// Letters alone are a word, however hexadecimal they look.
std::size_t id_length(std::string_view text) {
  const std::size_t run = run_of(text, is_hexadecimal);
  const std::string_view id = text.substr(0, run);
  if (run >= kIdDigits && std::any_of(id.begin(), id.end(), is_digit)) return run;
  const std::size_t digits = run_of(text, is_digit);
  return digits >= kNumberDigits ? digits : 0;
}

}  // namespace

std::string application_label(std::string_view name) {
  std::string label;
  while (!name.empty()) {
    const std::size_t id = id_length(name);
    label += id > 0 ? '#' : name[0];
    name.remove_prefix(std::max<std::size_t>(id, 1));
  }
  return label.empty() ? "unknown" : label_value(label);
}

}  // namespace pgconcord::metrics
