// Private: where the tokens of one statement stand.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "parser/lexer.h"

namespace pgconcord::parser {

inline constexpr std::size_t kNoToken = static_cast<std::size_t>(-1);

struct Token {
  TokenKind kind = TokenKind::End;
  std::size_t begin = 0;  // bytes of the text that was read
  std::size_t end = 0;
  std::size_t depth = 0;  // brackets that are open before it
};

std::vector<Token> tokens_of(std::string_view text);

// The token that begins at that byte; kNoToken when none does.
std::size_t token_at(const std::vector<Token>& tokens, std::size_t begin);

// Unquoted, in either case.
bool is_word(std::string_view text, const Token& token, std::string_view lower_case);

}  // namespace pgconcord::parser
