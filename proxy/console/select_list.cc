#include "proxy/console/select_list.h"

#include <charconv>
#include <chrono>
#include <utility>

namespace pgconcord::console {
namespace {

struct Item {
  Column column;
  Value value;
};

Item text_item(std::string name, std::string text, Type type = Type::Text) {
  return {{std::move(name), type}, std::move(text)};
}

// Functions and the keywords that are read like functions.
std::optional<Item> function_item(const std::string& name, const Identity& who) {
  if (name == "version") {
    return text_item(name, "PostgreSQL 15.0 compatible console of pgconcord " + who.version);
  }
  if (name == "current_database" || name == "current_catalog") {
    return text_item(name, who.database, Type::Name);
  }
  if (name == "current_user" || name == "session_user" || name == "user" ||
      name == "current_role") {
    return text_item(name, who.user, Type::Name);
  }
  if (name == "current_schema") return text_item(name, "public", Type::Name);
  if (name == "pg_backend_pid") {
    return Item{{name, Type::Int4}, std::int64_t{who.backend_pid}};
  }
  if (name == "pg_is_in_recovery") return Item{{name, Type::Bool}, false};
  if (name == "now" || name == "current_timestamp") {
    return Item{{name, Type::TimestampTz}, std::chrono::system_clock::now()};
  }
  if (name == "pg_advisory_unlock_all") return text_item(name, "");
  return std::nullopt;
}

class Reader {
 public:
  Reader(const std::vector<Word>& words, const Identity& who) : words_(words), who_(who) {}

  std::optional<Statement> statement() {
    Statement statement;
    statement.kind = Kind::Tells;
    statement.tag = "SELECT";
    statement.rows.emplace_back();
    do {
      auto found = item();
      if (!found) return std::nullopt;
      rename(found->column);
      statement.columns.push_back(std::move(found->column));
      statement.rows[0].push_back(std::move(found->value));
    } while (take_symbol(","));
    if (at_ != words_.size()) return std::nullopt;
    return statement;
  }

 private:
  bool is(Word::Kind kind, std::size_t ahead = 0) const {
    return at_ + ahead < words_.size() && words_[at_ + ahead].kind == kind;
  }
  bool take_symbol(std::string_view symbol) {
    if (!is(Word::Kind::Symbol) || words_[at_].text != symbol) return false;
    ++at_;
    return true;
  }

  std::optional<Item> item() {
    if (is(Word::Kind::Number)) return number_item();
    if (is(Word::Kind::String)) return text_item("?column?", words_[at_++].text);
    if (!is(Word::Kind::Name)) return std::nullopt;
    std::string name = words_[at_++].text;
    if (name == "null") return Item{{"?column?", Type::Text}, std::monostate{}};
    if (name == "true" || name == "false") return Item{{"bool", Type::Bool}, name == "true"};
    if (name == "pg_catalog" && take_symbol(".") && is(Word::Kind::Name)) {
      name = words_[at_++].text;
    }
    if (name == "current_setting") return setting_item();
    if (take_symbol("(") && !take_symbol(")")) return std::nullopt;
    return function_item(name, who_);
  }

  std::optional<Item> number_item() {
    const std::string& digits = words_[at_++].text;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    const bool is_small = number <= INT32_MAX;
    return Item{{"?column?", is_small ? Type::Int4 : Type::Int8}, number};
  }

  std::optional<Item> setting_item() {
    if (!take_symbol("(") || !is(Word::Kind::String)) return std::nullopt;
    auto value = setting(words_[at_++].text, who_);
    if (!value || !take_symbol(")")) return std::nullopt;
    return text_item("current_setting", *std::move(value));
  }

  // AS name, or the name alone.
  void rename(Column& column) {
    const bool has_as = is(Word::Kind::Name) && words_[at_].text == "as";
    const std::size_t ahead = has_as ? 1 : 0;
    if (!is(Word::Kind::Name, ahead) && !is(Word::Kind::Quoted, ahead)) return;
    if (!has_as && words_[at_].text == "from") return;
    at_ += ahead;
    column.name = words_[at_++].text;
  }

  const std::vector<Word>& words_;
  const Identity& who_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<Statement> read_select_list(const std::vector<Word>& words, const Identity& who) {
  return Reader(words, who).statement();
}

}  // namespace pgconcord::console
