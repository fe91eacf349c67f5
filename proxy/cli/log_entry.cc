#include "proxy/cli/log_entry.h"

#include <ctime>
#include <string_view>

namespace pgconcord::cli {
namespace {

// Every `9` stands for a digit.
bool fits(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '9' ? !is_digit : text[i] != shape[i]) return false;
  }
  return true;
}

int number(std::string_view text, std::size_t at, std::size_t length) {
  int value = 0;
  for (const char c : text.substr(at, length)) value = value * 10 + (c - '0');
  return value;
}

}  // namespace

std::chrono::milliseconds log_time(std::string_view text) {
  if (!fits(text, "9999-99-99 99:99:99")) return std::chrono::milliseconds(0);
  std::tm parts{};
  parts.tm_year = number(text, 0, 4) - 1900;
  parts.tm_mon = number(text, 5, 2) - 1;
  parts.tm_mday = number(text, 8, 2);
  parts.tm_hour = number(text, 11, 2);
  parts.tm_min = number(text, 14, 2);
  parts.tm_sec = number(text, 17, 2);
  const int milliseconds = fits(text.substr(19), ".999") ? number(text, 20, 3) : 0;
  return std::chrono::seconds(timegm(&parts)) + std::chrono::milliseconds(milliseconds);
}

}  // namespace pgconcord::cli
