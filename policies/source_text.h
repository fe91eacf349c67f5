// Private to policies: the text of one configuration file, and errors that point into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "policies/load.h"

namespace pgconcord::policies {

// 1-based; columns count bytes: characters are counted only for what is shown. Line 0 = the whole
// file.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

// What is wrong at a key: the parts of a ConfigError that do not depend on the file.
struct Problem {
  std::string message;
  std::string help;
};

// From 0-based numbers, as yaml-cpp counts.
Position position_of(std::size_t line, std::size_t byte);

class SourceText {
 public:
  // Refuses what no YAML file of ours is: too large, not UTF-8, control characters.
  [[nodiscard]] static tl::expected<SourceText, ConfigError> make(std::string file,
                                                                  std::string_view text);
  const std::string& file() const { return file_; }
  // Without a byte order mark; lives as long as this object.
  const std::string& text() const { return text_; }
  // Without its end; empty for Position{}.
  std::string_view line_of(Position at) const;
  ConfigError error(Position at, std::string path, Problem problem) const;

 private:
  SourceText(std::string file, std::string_view text);
  std::string_view line(std::size_t index) const;
  tl::expected<void, ConfigError> check_bytes() const;

  std::string file_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
};

// User's text in backquotes, shortened, control characters replaced: safe for a terminal and a log.
std::string quoted_in_message(std::string_view text);
// The same without quotes and shortening, one line; passwords in URLs are replaced in both.
std::string printable(std::string_view text);

}  // namespace pgconcord::policies
