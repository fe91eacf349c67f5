// Private: the tokens of PostgreSQL's scanner (scan.l), without their values.
// For standard_conforming_strings=on and UTF-8. Nothing is allocated and nothing fails: what this
// lexer does not know, or what servers of different versions read differently, sets unsure() and
// lexing goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgconcord::parser {

enum class TokenKind : std::uint8_t {
  End,
  Word,               // keyword or unquoted identifier
  NationalPrefix,     // the N of N'...', which the scanner reports as the keyword NCHAR
  QuotedIdentifier,   // "..."
  UnicodeIdentifier,  // U&"..."
  String,             // '...', E'...', $tag$...$tag$
  UnicodeString,      // U&'...'
  BitString,          // B'...'
  HexString,          // X'...'
  Number,
  Parameter,    // $1
  Operator,     // also : :: := .. =>
  Punctuation,  // one of ( ) [ ] , ; .
  Unknown,      // a byte that starts no token
};

class Lexer {
 public:
  explicit Lexer(std::string_view sql)
      : start_(sql.data()), cursor_(sql.data()), stop_(sql.data() + sql.size()) {}

  // The next token that is no comment; begin() and end() tell where it stands. End stays End.
  TokenKind next();

  [[nodiscard]] std::size_t begin() const { return offset(token_); }
  [[nodiscard]] std::size_t end() const { return offset(cursor_); }
  [[nodiscard]] std::string_view text() const { return {token_, length()}; }
  [[nodiscard]] std::size_t length() const { return static_cast<std::size_t>(cursor_ - token_); }
  [[nodiscard]] char first() const { return *token_; }
  [[nodiscard]] bool unsure() const { return unsure_; }

 private:
  [[nodiscard]] std::size_t offset(const char* at) const {
    return static_cast<std::size_t>(at - start_);
  }
  [[nodiscard]] bool at(char byte, std::size_t ahead = 0) const {
    return static_cast<std::size_t>(stop_ - cursor_) > ahead && cursor_[ahead] == byte;
  }

  void skip_line_comment();
  void skip_block_comment();
  bool skip_to_continuation();

  TokenKind word();
  TokenKind prefixed_word();
  TokenKind quoted_identifier(TokenKind kind);
  TokenKind string(TokenKind kind);
  TokenKind escape_string();
  TokenKind bit_string(TokenKind kind);
  TokenKind dollar();
  TokenKind dollar_string(const char* tag_end);
  TokenKind number();
  TokenKind period();
  TokenKind colon();
  TokenKind operator_run();

  const char* start_;
  const char* token_ = start_;
  const char* cursor_;
  const char* stop_;
  bool unsure_ = false;
};

}  // namespace pgconcord::parser
