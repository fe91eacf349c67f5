#include "proxy/cli/planned_key.h"

#include <cctype>

namespace pgconcord::cli {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // Empty: there is none here.
  std::string name() {
    skip_spaces();
    if (at_ < text_.size() && text_[at_] == '"') return quoted();
    std::string word;
    while (at_ < text_.size() && is_word(text_[at_])) word += lower(text_[at_++]);
    return word;
  }

  bool take(char wanted) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool at_end() {
    skip_spaces();
    return at_ == text_.size();
  }

  std::string rest() const { return std::string(text_.substr(at_)); }

 private:
  static bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c < 0;
  }
  static char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  std::string quoted() {
    std::string word;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        if (at_ + 1 == text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      }
      word += text_[at_];
    }
    ++at_;
    if (at_ > text_.size()) at_ = text_.size();
    return word;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

parser::RelationName read_relation(Reader& reader) {
  parser::RelationName relation;
  relation.name = reader.name();
  if (!relation.name.empty() && reader.take('.')) {
    relation.schema = std::move(relation.name);
    relation.name = reader.name();
  }
  return relation;
}

tl::unexpected<std::string> expected_at(const Reader& reader, std::string_view what) {
  const std::string rest = reader.rest();
  return tl::unexpected("expected " + std::string(what) +
                        (rest.empty() ? " at the end" : " before `" + rest + "`") +
                        "; write schema.table(column, column)");
}

}  // namespace

tl::expected<PlannedKey, std::string> planned_key(std::string_view text) {
  Reader reader(text);
  PlannedKey key;
  key.table = read_relation(reader);
  if (key.table.name.empty()) return expected_at(reader, "a table's name");
  if (!reader.take('(')) return expected_at(reader, "`(`");
  do {
    key.columns.push_back(reader.name());
    if (key.columns.back().empty()) return expected_at(reader, "a column's name");
  } while (reader.take(','));
  if (!reader.take(')')) return expected_at(reader, "`,` or `)`");
  if (!reader.at_end()) return expected_at(reader, "nothing more");
  return key;
}

parser::RelationName relation_at(std::string_view text) {
  Reader reader(text);
  return read_relation(reader);
}

}  // namespace pgconcord::cli
