#include "parser/row_texts.h"

#include "parser/tokens.h"

namespace pgconcord::parser {
namespace {

class RowReader {
 public:
  RowReader(std::string_view sql, const StatementSpan& statement)
      : text_(sql.substr(statement.begin, statement.end - statement.begin)),
        offset_(statement.begin),
        tokens_(tokens_of(text_)) {}

  std::vector<RowText> read() {
    for (at_ = first_row(); is_mark(at_, '('); ++at_) {
      if (!read_row()) return {};
      if (!is_mark(at_, ',')) break;
    }
    return std::move(rows_);
  }

 private:
  // Behind the last VALUES that an open bracket follows.
  std::size_t first_row() const {
    std::size_t found = tokens_.size();
    for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
      if (tokens_[i].depth == 0 && is_word(text_, tokens_[i], "values") && is_mark(i + 1, '(')) {
        found = i + 1;
      }
    }
    return found;
  }

  bool is_mark(std::size_t index, char mark) const {
    return index < tokens_.size() && tokens_[index].kind == TokenKind::Punctuation &&
           text_[tokens_[index].begin] == mark;
  }

  // Leaves the token behind the row.
  bool read_row() {
    RowText row;
    row.begin = offset_ + tokens_[at_].begin;
    std::size_t item = ++at_;
    for (; at_ < tokens_.size(); ++at_) {
      if (tokens_[at_].kind == TokenKind::Parameter) row.has_parameter = true;
      const bool ends = is_mark(at_, ')') && tokens_[at_].depth == 0;
      if (ends || (is_mark(at_, ',') && tokens_[at_].depth == 1)) {
        row.items.push_back(item_of(item, at_));
        item = at_ + 1;
      }
      if (!ends) continue;
      row.end = offset_ + tokens_[at_++].end;
      rows_.push_back(std::move(row));
      return true;
    }
    return false;
  }

  ItemText item_of(std::size_t first, std::size_t end) const {
    if (end != first + 1) return {};
    const Token& token = tokens_[first];
    const std::string_view text = text_.substr(token.begin, token.end - token.begin);
    if (is_word(text_, token, "null")) return {ItemText::Kind::Null, text};
    if (token.kind == TokenKind::Number) return {ItemText::Kind::Number, text};
    if (token.kind == TokenKind::String && text.front() == '\'') {
      return {ItemText::Kind::String, text};
    }
    return {};
  }

  std::string_view text_;
  std::size_t offset_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::vector<RowText> rows_;
};

}  // namespace

std::vector<RowText> row_texts(std::string_view sql, const StatementSpan& statement) {
  std::vector<RowText> rows = RowReader(sql, statement).read();
  if (rows.size() != statement.value_rows) rows.clear();
  return rows;
}

}  // namespace pgconcord::parser
