#include "parser/tokens.h"

#include <algorithm>

namespace pgconcord::parser {

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  Lexer lexer(text);
  std::size_t depth = 0;
  for (TokenKind kind = lexer.next(); kind != TokenKind::End; kind = lexer.next()) {
    const bool mark = kind == TokenKind::Punctuation;
    if (mark && (lexer.first() == ')' || lexer.first() == ']') && depth > 0) --depth;
    tokens.push_back({kind, lexer.begin(), lexer.end(), depth});
    if (mark && (lexer.first() == '(' || lexer.first() == '[')) ++depth;
  }
  return tokens;
}

std::size_t token_at(const std::vector<Token>& tokens, std::size_t begin) {
  const auto found =
      std::lower_bound(tokens.begin(), tokens.end(), begin,
                       [](const Token& token, std::size_t at) { return token.begin < at; });
  return found != tokens.end() && found->begin == begin
             ? static_cast<std::size_t>(found - tokens.begin())
             : kNoToken;
}

bool is_word(std::string_view text, const Token& token, std::string_view lower_case) {
  const std::string_view word = text.substr(token.begin, token.end - token.begin);
  return token.kind == TokenKind::Word &&
         std::equal(word.begin(), word.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; });
}

}  // namespace pgconcord::parser
