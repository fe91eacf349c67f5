// How configuration errors look: the form of compilers, so that editors jump to them.
#include <algorithm>
#include <string>
#include <string_view>

#include "policies/load.h"

namespace pgconcord::policies {
namespace {

// A longer source line is cut around the caret.
constexpr std::size_t kWidth = 120;
constexpr std::size_t kBeforeCaret = 60;

bool starts_character(char each) { return (static_cast<unsigned char>(each) & 0xC0U) != 0x80; }

std::size_t byte_of_column(std::string_view line, std::uint32_t column) {
  std::size_t byte = 0;
  for (std::uint32_t passed = 1; byte < line.size(); ++byte) {
    if (byte > 0 && starts_character(line[byte])) ++passed;
    if (passed == column) return byte;
  }
  return byte;
}

struct Excerpt {
  std::string text;
  std::size_t caret = 0;  // byte
};

Excerpt excerpt(std::string_view line, std::uint32_t column) {
  const std::size_t caret = byte_of_column(line, column);
  std::size_t begin = caret > kBeforeCaret && line.size() > kWidth ? caret - kBeforeCaret : 0;
  while (begin > 0 && !starts_character(line[begin])) --begin;
  std::size_t end = std::min(begin + kWidth, line.size());
  while (end < line.size() && !starts_character(line[end])) ++end;
  Excerpt result{std::string(line.substr(begin, end - begin)), caret - begin};
  if (end < line.size()) result.text += "...";
  if (begin > 0) {
    result.text.insert(0, "...");
    result.caret += 3;
  }
  return result;
}

// Tabs stay tabs, so that the caret stands under its character whatever their width.
std::string caret_line(const Excerpt& shown) {
  std::string padding;
  for (const char each : std::string_view(shown.text).substr(0, shown.caret)) {
    if (starts_character(each)) padding += each == '\t' ? '\t' : ' ';
  }
  return padding + '^';
}

std::string location(const ConfigError& error) {
  std::string text = error.file.empty() ? "configuration" : error.file;
  if (error.line == 0) return text;
  text += ':' + std::to_string(error.line);
  return error.column == 0 ? text : text + ':' + std::to_string(error.column);
}

std::string render_one(const ConfigError& error) {
  std::string text = location(error) + ": error: " + error.message + '\n';
  if (error.line > 0 && error.column > 0 && !error.source_line.empty()) {
    const Excerpt shown = excerpt(error.source_line, error.column);
    const std::string number = std::to_string(error.line);
    text += ' ' + number + " | " + shown.text + '\n';
    text += ' ' + std::string(number.size(), ' ') + " | " + caret_line(shown) + '\n';
  }
  if (!error.help.empty()) text += "  help: " + error.help + '\n';
  return text;
}

}  // namespace

std::string render(const ConfigErrors& errors) {
  std::string text;
  for (const ConfigError& each : errors) {
    if (!text.empty()) text += '\n';
    text += render_one(each);
  }
  return text;
}

}  // namespace pgconcord::policies
