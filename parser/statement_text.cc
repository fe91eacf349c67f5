#include "parser/statement_text.h"

#include <charconv>

#include "parser/lexer.h"
#include "parser/outline.h"

namespace pgconcord::parser {
namespace {

constexpr std::string_view kKey = "application='";

bool is_value(TokenKind kind) {
  switch (kind) {
    case TokenKind::NationalPrefix:
    case TokenKind::String:
    case TokenKind::UnicodeString:
    case TokenKind::BitString:
    case TokenKind::HexString:
    case TokenKind::Number:
      return true;
    case TokenKind::End:
    case TokenKind::Word:
    case TokenKind::QuotedIdentifier:
    case TokenKind::UnicodeIdentifier:
    case TokenKind::Parameter:
    case TokenKind::Operator:
    case TokenKind::Punctuation:
    case TokenKind::Unknown:
      return false;
  }
  return true;
}

// Where the text had white space or a comment between two tokens, one space stands.
void put(std::string& text, const Lexer& lexer, std::size_t end_before, bool is_hidden) {
  if (!text.empty() && lexer.begin() > end_before) text += ' ';
  if (is_hidden) {
    if (!text.ends_with('?')) text += '?';
  } else {
    text += lexer.text();
  }
}

// The comment the text begins or ends with.
std::string_view outer_comment(std::string_view sql) {
  constexpr std::string_view kSpace = " \t\r\n;";
  const std::size_t first = sql.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  sql = sql.substr(first, sql.find_last_not_of(kSpace) - first + 1);
  if (sql.ends_with("*/")) {
    const std::size_t begin = sql.rfind("/*");
    return begin == std::string_view::npos ? std::string_view() : sql.substr(begin + 2);
  }
  if (!sql.starts_with("/*")) return {};
  return sql.substr(2, sql.find("*/", 2) - 2);
}

// sqlcommenter encodes values as in URLs and escapes a quote with a backslash.
std::string decoded(std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    unsigned code = 0;
    if (value[i] == '%' && i + 2 < value.size() &&
        std::from_chars(&value[i + 1], &value[i + 1] + 2, code, 16).ptr == &value[i + 1] + 2) {
      text += static_cast<char>(code);
      i += 2;
    } else if (value[i] != '\\') {
      text += value[i];
    }
  }
  return text;
}

}  // namespace

std::string text_without_values(std::string_view sql, std::size_t most) {
  Outline shape;
  outline(sql, shape);
  if (shape.exact) return {};
  const std::string shortened = reduced(sql, shape);
  std::string text;
  Lexer lexer(shortened);
  std::size_t end_before = 0;
  for (TokenKind kind = lexer.next(); kind != TokenKind::End; kind = lexer.next()) {
    put(text, lexer, end_before, is_value(kind));
    end_before = lexer.end();
    if (text.size() > most) break;
  }
  if (lexer.unsure()) return {};
  if (text.size() > most) text = text.substr(0, most) + "...";
  return text;
}

std::string commented_application(std::string_view sql) {
  const std::string_view comment = outer_comment(sql);
  const std::size_t key = comment.find(kKey);
  if (key == std::string_view::npos) return {};
  // `web_application='...'` is another key.
  if (key > 0 && comment[key - 1] != ',' && comment[key - 1] != ' ') return {};
  const std::string_view rest = comment.substr(key + kKey.size());
  std::size_t end = rest.find('\'');
  while (end != std::string_view::npos && end > 0 && rest[end - 1] == '\\') {
    end = rest.find('\'', end + 1);
  }
  return end == std::string_view::npos ? std::string() : decoded(rest.substr(0, end));
}

}  // namespace pgconcord::parser
