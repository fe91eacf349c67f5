#include "proxy/console/words.h"

#include <algorithm>

namespace pgconcord::console {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool continues_name(char c) { return starts_name(c) || is_digit(c) || c == '$'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  std::vector<Word> words() {
    for (skip(); at_ < sql_.size(); skip()) words_.push_back(next());
    return std::move(words_);
  }

 private:
  bool sees(std::string_view text) const { return sql_.substr(at_).starts_with(text); }

  // White space and comments, which nest.
  void skip() {
    while (at_ < sql_.size()) {
      if (is_space(sql_[at_])) {
        ++at_;
      } else if (sees("--")) {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (sees("/*")) {
        skip_block();
      } else {
        return;
      }
    }
  }

  void skip_block() {
    std::size_t depth = 0;
    do {
      if (sees("/*")) {
        ++depth;
        at_ += 2;
      } else if (sees("*/")) {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0 && at_ < sql_.size());
  }

  Word next() {
    Word word;
    word.begin = at_;
    const char first = sql_[at_];
    if (starts_name(first)) {
      word.kind = Word::Kind::Name;
      while (at_ < sql_.size() && continues_name(sql_[at_])) word.text += lower(sql_[at_++]);
    } else if (is_digit(first)) {
      word.kind = Word::Kind::Number;
      while (at_ < sql_.size() && (is_digit(sql_[at_]) || sql_[at_] == '.')) {
        word.text += sql_[at_++];
      }
    } else if (first == '"' || first == '\'') {
      word.kind = first == '"' ? Word::Kind::Quoted : Word::Kind::String;
      word.text = quoted(first);
    } else {
      word.text = sees("::") ? "::" : std::string(1, first);
      at_ += word.text.size();
    }
    word.end = at_;
    return word;
  }

  // A doubled quote stands for one. Without its end it reaches to the end of the text.
  std::string quoted(char quote) {
    std::string text;
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] == quote) {
        const bool is_doubled = at_ + 1 < sql_.size() && sql_[at_ + 1] == quote;
        if (!is_doubled) {
          ++at_;
          break;
        }
        ++at_;
      }
      text += sql_[at_];
    }
    return text;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  std::vector<Word> words_;
};

}  // namespace

std::vector<Word> words_of(std::string_view sql) { return Scanner(sql).words(); }

}  // namespace pgconcord::console
