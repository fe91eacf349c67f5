#include "policies/source_text.h"

#include <algorithm>
#include <utility>

namespace pgconcord::policies {
namespace {

// Far above any real file; bounds the work of yaml-cpp on a hostile one.
constexpr std::size_t kFileBytesMax = 1024 * 1024;
constexpr std::size_t kQuotedMax = 60;
// A longer line is not shown: a hostile one must not cost its length for every error.
constexpr std::size_t kShownLineMax = 4096;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

unsigned byte_at(std::string_view text, std::size_t index) {
  return index < text.size() ? static_cast<unsigned char>(text[index]) : 0U;
}

// The second byte after a lead byte has a narrower range for overlong forms, surrogates and above
// U+10FFFF.
bool second_byte_fits(unsigned lead, unsigned second) {
  if (lead == 0xE0) return second >= 0xA0 && second <= 0xBF;
  if (lead == 0xED) return second >= 0x80 && second <= 0x9F;
  if (lead == 0xF0) return second >= 0x90 && second <= 0xBF;
  if (lead == 0xF4) return second >= 0x80 && second <= 0x8F;
  return second >= 0x80 && second <= 0xBF;
}

// Bytes of the UTF-8 character that starts at `index`; 0 = there is none.
std::size_t character_length(std::string_view text, std::size_t index) {
  const unsigned lead = byte_at(text, index);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                             : lead >= 0xE0 && lead <= 0xEF ? 3
                             : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                            : 0;
  if (length == 0 || !second_byte_fits(lead, byte_at(text, index + 1))) return 0;
  for (std::size_t next = 2; next < length; ++next) {
    if ((byte_at(text, index + next) & 0xC0U) != 0x80) return 0;
  }
  return length;
}

bool is_control(char each) {
  const auto value = static_cast<unsigned char>(each);
  return (value < 0x20 && each != '\t' && each != '\n' && each != '\r') || value == 0x7F;
}

bool starts_character(char each) { return (static_cast<unsigned char>(each) & 0xC0U) != 0x80; }

// `scheme://user:secret@host`: everything from the colon to the last `@` of the word.
void hide_passwords(std::string& text) {
  for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    const std::size_t end = std::min(text.find_first_of(" \t\"',", at), text.size());
    const std::size_t sign = text.rfind('@', end);
    const std::size_t colon = text.find(':', at + 3);
    if (sign == std::string::npos || sign < at || colon == std::string::npos || colon >= sign) {
      continue;
    }
    // Character for character, so that a caret behind it stays right.
    for (std::size_t index = colon + 1; index < sign; ++index) text[index] = '*';
  }
}

std::uint32_t column_in_characters(std::string_view line, std::uint32_t column) {
  const std::string_view before = line.substr(0, column - 1);
  const auto characters = std::count_if(before.begin(), before.end(), starts_character);
  return static_cast<std::uint32_t>(characters + 1);
}

}  // namespace

Position position_of(std::size_t line, std::size_t byte) {
  return {static_cast<std::uint32_t>(line + 1), static_cast<std::uint32_t>(byte + 1)};
}

SourceText::SourceText(std::string file, std::string_view text)
    : file_(std::move(file)), text_(text), line_starts_{0} {
  if (text_.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0) {
    text_.erase(0, kByteOrderMark.size());
  }
  for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    line_starts_.push_back(at + 1);
  }
}

tl::expected<SourceText, ConfigError> SourceText::make(std::string file, std::string_view text) {
  if (text.size() > kFileBytesMax) {
    return tl::unexpected(ConfigError{std::move(file), 0, 0, "", "the file is larger than 1 MiB",
                                      "split the policies over several files with `include`", ""});
  }
  SourceText source(std::move(file), text);
  if (auto checked = source.check_bytes(); !checked) return tl::unexpected(checked.error());
  return source;
}

tl::expected<void, ConfigError> SourceText::check_bytes() const {
  for (std::size_t index = 0, line = 0; index < text_.size();) {
    if (text_[index] == '\n') ++line;
    const std::size_t length = character_length(text_, index);
    if (length == 0) {
      return tl::unexpected(error(position_of(line, index - line_starts_[line]), "",
                                  {"the file is not UTF-8", "save it as UTF-8"}));
    }
    if (length == 1 && is_control(text_[index])) {
      return tl::unexpected(error(position_of(line, index - line_starts_[line]), "",
                                  {"control character in the file", "remove it"}));
    }
    index += length;
  }
  return {};
}

std::string_view SourceText::line(std::size_t index) const {
  if (index >= line_starts_.size()) return "";
  const std::size_t start = line_starts_[index];
  std::size_t end = text_.find('\n', start);
  if (end == std::string::npos) end = text_.size();
  if (end > start && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(start, end - start);
}

std::string_view SourceText::line_of(Position at) const {
  return at.line == 0 ? std::string_view() : line(at.line - 1);
}

ConfigError SourceText::error(Position at, std::string path, Problem problem) const {
  const std::uint32_t column = at.line == 0 ? 0 : column_in_characters(line_of(at), at.column);
  return {file_,
          at.line,
          column,
          std::move(path),
          std::move(problem.message),
          std::move(problem.help),
          line_of(at).size() > kShownLineMax ? "" : printable(line_of(at))};
}

std::string quoted_in_message(std::string_view text) {
  std::string shown = printable(text);
  if (shown.size() > kQuotedMax) {
    std::size_t end = kQuotedMax;
    while (end > 0 && !starts_character(shown[end])) --end;
    shown = shown.substr(0, end) + "...";
  }
  return "`" + shown + "`";
}

std::string printable(std::string_view text) {
  std::string result;
  for (std::size_t index = 0; index < text.size();) {
    const std::size_t length = character_length(text, index);
    // U+0080 to U+009F are controls too: terminals obey them.
    const bool late_control =
        length == 2 && byte_at(text, index) == 0xC2 && byte_at(text, index + 1) < 0xA0;
    if (length == 0 || late_control || is_control(text[index]) || text[index] == '\r') {
      result += '?';
    } else if (text[index] == '\n') {
      result += ' ';
    } else {
      result.append(text.substr(index, length));
    }
    index += std::max<std::size_t>(length, 1);
  }
  hide_passwords(result);
  return result;
}

}  // namespace pgconcord::policies
