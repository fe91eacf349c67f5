#include "parser/lexer.h"

#include <array>
#include <cstring>

namespace pgconcord::parser {
namespace {

enum class Start : std::uint8_t {
  Unknown,
  Space,
  Letter,  // starts a word
  Prefix,  // b e n u x: starts a word or a kind of string
  Digit,
  Quote,
  DoubleQuote,
  Dollar,
  Period,
  Colon,
  Operator,
  Punctuation,
};

constexpr std::array<Start, 256> start_table() {
  std::array<Start, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80) {
      table[c] = Start::Letter;
    } else if (c >= '0' && c <= '9') {
      table[c] = Start::Digit;
    }
  }
  const auto mark = [&table](std::string_view bytes, Start start) {
    for (const char c : bytes) table[static_cast<unsigned char>(c)] = start;
  };
  mark(" \t\n\r\f", Start::Space);  // \v is white space from version 16 on only: Unknown
  mark("bBeEnNuUxX", Start::Prefix);
  mark("~!@#^&|`?+-*/%<>=", Start::Operator);
  mark("()[],;", Start::Punctuation);
  mark("'", Start::Quote);
  mark("\"", Start::DoubleQuote);
  mark("$", Start::Dollar);
  mark(".", Start::Period);
  mark(":", Start::Colon);
  return table;
}

constexpr std::array<Start, 256> kStart = start_table();

constexpr Start start_of(char c) { return kStart[static_cast<unsigned char>(c)]; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool starts_word(char c) {
  return start_of(c) == Start::Letter || start_of(c) == Start::Prefix;
}

constexpr std::array<bool, 256> word_table() {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    table[c] = starts_word(byte) || is_digit(byte) || byte == '$';
  }
  return table;
}

// The hottest question of all: every byte of every word asks it.
constexpr std::array<bool, 256> kContinuesWord = word_table();

constexpr bool continues_word(char c) { return kContinuesWord[static_cast<unsigned char>(c)]; }
constexpr bool is_operator(char c) { return start_of(c) == Start::Operator; }

constexpr std::size_t kOperatorBytesMax = 63;  // NAMEDATALEN - 1: longer ones are an error

// Operators that hold one of these may end in + or -; others give a trailing + or - back (scan.l,
// "operator").
constexpr bool keeps_trailing_sign(std::string_view text) {
  return text.find_first_of("~!@#^&|`?%") != std::string_view::npos;
}

}  // namespace

TokenKind Lexer::next() {
  while (cursor_ < stop_) {
    token_ = cursor_;
    switch (start_of(*cursor_)) {
      case Start::Space:
        ++cursor_;
        continue;
      case Start::Letter:
        return word();
      case Start::Prefix:
        return prefixed_word();
      case Start::Digit:
        return number();
      case Start::Quote:
        ++cursor_;
        return string(TokenKind::String);
      case Start::DoubleQuote:
        ++cursor_;
        return quoted_identifier(TokenKind::QuotedIdentifier);
      case Start::Dollar:
        return dollar();
      case Start::Period:
        return period();
      case Start::Colon:
        return colon();
      case Start::Punctuation:
        ++cursor_;
        return TokenKind::Punctuation;
      case Start::Operator:
        if (*cursor_ == '-' && at('-', 1)) {
          skip_line_comment();
          continue;
        }
        if (*cursor_ == '/' && at('*', 1)) {
          skip_block_comment();
          continue;
        }
        return operator_run();
      case Start::Unknown:
        unsure_ = true;
        ++cursor_;
        return TokenKind::Unknown;
    }
  }
  token_ = cursor_;
  return TokenKind::End;
}

void Lexer::skip_line_comment() {
  while (cursor_ < stop_ && *cursor_ != '\n' && *cursor_ != '\r') ++cursor_;
}

void Lexer::skip_block_comment() {
  std::size_t depth = 0;
  while (cursor_ < stop_) {
    if (at('/') && at('*', 1)) {
      ++depth;
      cursor_ += 2;
    } else if (at('*') && at('/', 1)) {
      cursor_ += 2;
      if (--depth == 0) return;
    } else {
      ++cursor_;
    }
  }
  unsure_ = true;
}

// After a closing quote: white space with a newline in it and another quote continue the string.
// Line comments count as white space there, block comments do not.
bool Lexer::skip_to_continuation() {
  const char* const back = cursor_;
  bool newline = false;
  bool comment = false;
  while (cursor_ < stop_) {
    if (start_of(*cursor_) == Start::Space) {
      newline = newline || *cursor_ == '\n' || *cursor_ == '\r';
      ++cursor_;
    } else if (at('-') && at('-', 1)) {
      skip_line_comment();
      comment = true;
    } else {
      break;
    }
  }
  if (newline && at('\'')) {
    ++cursor_;
    unsure_ = unsure_ || comment;
    return true;
  }
  cursor_ = back;
  return false;
}

TokenKind Lexer::word() {
  const char* at = cursor_ + 1;
  while (at < stop_ && continues_word(*at)) ++at;
  cursor_ = at;
  return TokenKind::Word;
}

TokenKind Lexer::prefixed_word() {
  const char letter = static_cast<char>(*cursor_ | 0x20);
  if (letter == 'u') {
    if (!at('&', 1) || !(at('\'', 2) || at('"', 2))) return word();
    cursor_ += 3;
    return cursor_[-1] == '"' ? quoted_identifier(TokenKind::UnicodeIdentifier)
                              : string(TokenKind::UnicodeString);
  }
  if (!at('\'', 1)) return word();
  if (letter == 'n') {
    ++cursor_;
    return TokenKind::NationalPrefix;
  }
  cursor_ += 2;
  if (letter == 'e') return escape_string();
  return bit_string(letter == 'b' ? TokenKind::BitString : TokenKind::HexString);
}

TokenKind Lexer::quoted_identifier(TokenKind kind) {
  const char* const name = cursor_;
  while (cursor_ < stop_) {
    if (*cursor_++ != '"') continue;
    if (!at('"')) {
      if (cursor_ == name + 1) unsure_ = true;  // "" is an error
      return kind;
    }
    ++cursor_;
  }
  unsure_ = true;
  return kind;
}

TokenKind Lexer::string(TokenKind kind) {
  while (cursor_ < stop_) {
    const void* quote = std::memchr(cursor_, '\'', static_cast<std::size_t>(stop_ - cursor_));
    if (quote == nullptr) break;
    cursor_ = static_cast<const char*>(quote) + 1;
    if (at('\'')) {
      ++cursor_;
    } else if (!skip_to_continuation()) {
      return kind;
    }
  }
  cursor_ = stop_;
  unsure_ = true;
  return kind;
}

TokenKind Lexer::escape_string() {
  while (cursor_ < stop_) {
    const char c = *cursor_++;
    if (c == '\\' && cursor_ < stop_) {
      ++cursor_;
    } else if (c == '\'') {
      if (at('\'')) {
        ++cursor_;
      } else if (!skip_to_continuation()) {
        return TokenKind::String;
      }
    }
  }
  unsure_ = true;
  return TokenKind::String;
}

// Bit strings know no doubled quote: B'1''0' is two tokens.
TokenKind Lexer::bit_string(TokenKind kind) {
  while (cursor_ < stop_) {
    if (*cursor_++ == '\'' && !skip_to_continuation()) return kind;
  }
  unsure_ = true;
  return kind;
}

TokenKind Lexer::dollar() {
  ++cursor_;
  if (cursor_ < stop_ && is_digit(*cursor_)) {
    while (cursor_ < stop_ && is_digit(*cursor_)) ++cursor_;
    if (cursor_ < stop_ && starts_word(*cursor_))
      unsure_ = true;  // junk: an error from version 15 on
    return TokenKind::Parameter;
  }
  const char* tag_end = cursor_;
  if (tag_end < stop_ && starts_word(*tag_end)) {
    while (tag_end < stop_ && (starts_word(*tag_end) || is_digit(*tag_end))) ++tag_end;
  }
  if (tag_end < stop_ && *tag_end == '$') return dollar_string(tag_end + 1);
  unsure_ = true;
  return TokenKind::Unknown;
}

TokenKind Lexer::dollar_string(const char* tag_end) {
  const std::string_view tag(token_, static_cast<std::size_t>(tag_end - token_));
  const std::string_view rest(tag_end, static_cast<std::size_t>(stop_ - tag_end));
  const std::size_t close = rest.find(tag);
  if (close == std::string_view::npos) {
    cursor_ = stop_;
    unsure_ = true;
  } else {
    cursor_ = tag_end + close + tag.size();
  }
  return TokenKind::String;
}

TokenKind Lexer::number() {
  const auto skip_digits = [this] {
    while (cursor_ < stop_ && is_digit(*cursor_)) ++cursor_;
  };
  skip_digits();
  if (at('.') && !at('.', 1)) {  // 1..2 is 1 and .. and 2
    ++cursor_;
    skip_digits();
  }
  if (at('e') || at('E')) {
    const std::size_t sign = at('+', 1) || at('-', 1) ? 1 : 0;
    if (static_cast<std::size_t>(stop_ - cursor_) > sign + 1 && is_digit(cursor_[sign + 1])) {
      cursor_ += sign + 1;
      skip_digits();
    }
  }
  // 0x1F, 1_000, 1a: an error, two tokens or a number, as the server's version has it.
  if (cursor_ < stop_ && starts_word(*cursor_)) unsure_ = true;
  return TokenKind::Number;
}

TokenKind Lexer::period() {
  if (static_cast<std::size_t>(stop_ - cursor_) > 1 && is_digit(cursor_[1])) return number();
  ++cursor_;
  if (!at('.')) return TokenKind::Punctuation;
  ++cursor_;
  return TokenKind::Operator;
}

TokenKind Lexer::colon() {
  ++cursor_;
  if (at(':') || at('=')) ++cursor_;
  return TokenKind::Operator;
}

TokenKind Lexer::operator_run() {
  do {
    ++cursor_;
    if ((at('-') && at('-', 1)) || (at('/') && at('*', 1))) break;
  } while (cursor_ < stop_ && is_operator(*cursor_));
  if (length() > 1 && (cursor_[-1] == '+' || cursor_[-1] == '-') && !keeps_trailing_sign(text())) {
    while (length() > 1 && (cursor_[-1] == '+' || cursor_[-1] == '-')) --cursor_;
  }
  if (length() > kOperatorBytesMax) unsure_ = true;
  return TokenKind::Operator;
}

}  // namespace pgconcord::parser
