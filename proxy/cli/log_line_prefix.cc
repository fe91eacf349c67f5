#include "proxy/cli/log_line_prefix.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "proxy/cli/log_entry.h"

namespace pgconcord::cli {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// `1700000000.123` of %n.
std::chrono::milliseconds epoch_time(std::string_view text) {
  std::int64_t value = 0;
  int decimals = -1;
  for (const char c : text.substr(0, 18)) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
    } else if (is_digit(c) && decimals < 3) {
      value = value * 10 + (c - '0');
      if (decimals >= 0) ++decimals;
    } else {
      break;
    }
  }
  for (; decimals < 3; decimals = std::max(decimals, 0) + 1) value *= 10;
  return std::chrono::milliseconds(value);
}

void note(char escape, std::string_view value, LinePrefix& prefix) {
  value = trimmed(value);
  const std::string text(value == "[unknown]" ? "" : value);
  switch (escape) {
    case 'a':
      prefix.application = text;
      break;
    case 'd':
      prefix.database = text;
      break;
    case 'p':
    case 'c':
      prefix.session = text;
      break;
    case 'e':
      prefix.sqlstate = text;
      break;
    case 't':
    case 'm':
      prefix.at = log_time(value);
      break;
    case 'n':
      prefix.at = epoch_time(value);
      break;
    default:
      break;
  }
}

// One piece of the setting: literal text, or an escape such as `%-10a`.
struct Piece {
  char escape = '\0';
  std::string literal;
};

std::vector<Piece> pieces_of(std::string_view setting) {
  std::vector<Piece> pieces;
  const auto literal = [&pieces](char c) {
    if (pieces.empty() || pieces.back().escape != '\0') pieces.emplace_back();
    pieces.back().literal += c;
  };
  for (std::size_t i = 0; i < setting.size(); ++i) {
    if (setting[i] != '%') {
      literal(setting[i]);
      continue;
    }
    ++i;
    while (i < setting.size() && (is_digit(setting[i]) || setting[i] == '-')) ++i;  // padding
    if (i == setting.size()) break;
    if (setting[i] == '%') {
      literal('%');
    } else if (setting[i] != 'q') {  // it shows nothing
      pieces.push_back({setting[i], ""});
    }
  }
  return pieces;
}

// A value reaches to the literal behind it; the last one to the end. Times hold spaces of their
// own: the literal is looked for behind their zone.
std::optional<LinePrefix> read_exactly(std::string_view text, std::string_view setting) {
  LinePrefix prefix;
  const std::vector<Piece> pieces = pieces_of(setting);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (piece.escape == '\0') {
      // Blanks at the end were cut off with the severity; behind %q there may be nothing at all.
      if (text.empty()) break;
      if (!text.starts_with(piece.literal)) return std::nullopt;
      text.remove_prefix(piece.literal.size());
      continue;
    }
    std::size_t from = 0;
    if (piece.escape == 't' || piece.escape == 'm' || piece.escape == 's') {
      const std::size_t day = text.find(' ');
      const std::size_t zone = day == text.npos ? day : text.find(' ', day + 1);
      from = zone == text.npos ? 0 : zone + 1;
    }
    const bool last = i + 1 == pieces.size() || pieces[i + 1].escape != '\0';
    const std::size_t end = last ? text.size() : text.find(pieces[i + 1].literal, from);
    note(piece.escape, text.substr(0, end), prefix);
    text.remove_prefix(std::min(end, text.size()));
  }
  return prefix;
}

// The word behind `name=`, up to what separates words.
std::string value_of(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == text.npos || (at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0)) {
    return "";
  }
  text.remove_prefix(at + name.size());
  const std::string value(text.substr(0, text.find_first_of(", ;]|")));
  return value == "[unknown" ? "" : value;
}

std::string first_value(std::string_view text, const std::array<std::string_view, 3>& names) {
  for (const std::string_view name : names) {
    if (std::string value = value_of(text, name); !value.empty()) return value;
  }
  return "";
}

LinePrefix guessed(std::string_view text) {
  LinePrefix prefix;
  for (std::size_t i = 0; i + 19 <= text.size() && prefix.at.count() == 0; ++i) {
    if (is_digit(text[i])) prefix.at = log_time(text.substr(i));
  }
  prefix.database = first_value(text, {"db=", "database=", "dbname="});
  prefix.application = first_value(text, {"app=", "application=", "application_name="});
  prefix.session = value_of(text, "pid=");
  for (std::size_t open = text.find('['); open != text.npos; open = text.find('[', open + 1)) {
    const std::size_t end = text.find_first_not_of("0123456789", open + 1);
    if (end == text.npos || end == open + 1 || (text[end] != ']' && text[end] != '-')) continue;
    if (prefix.session.empty()) prefix.session = text.substr(open + 1, end - open - 1);
  }
  if (const std::size_t at = text.find('@'); at != text.npos && prefix.database.empty()) {
    const std::string_view rest = text.substr(at + 1);
    prefix.database = rest.substr(0, rest.find_first_of(" ,:;/|"));
  }
  return prefix;
}

}  // namespace

LinePrefix read_prefix(std::string_view prefix, std::string_view setting) {
  if (!setting.empty()) {
    if (auto exact = read_exactly(prefix, setting)) return std::move(*exact);
  }
  return guessed(prefix);
}

}  // namespace pgconcord::cli
