#include "proxy/session/prepared_statements.h"

#include <algorithm>
#include <array>

#include "proxy/wire/startup.h"

namespace pgconcord::session {

const StatementRef& plain_statement(parser::Command command) {
  constexpr std::size_t kCommands = static_cast<std::size_t>(parser::Command::Other) + 1;
  static const std::array<StatementRef, kCommands> kPlain = [] {
    std::array<StatementRef, kCommands> all;
    for (std::size_t i = 0; i < kCommands; ++i) {
      all[i] = std::make_shared<const ClientStatement>(
          ClientStatement{static_cast<parser::Command>(i), false, false, {}, {}});
    }
    return all;
  }();
  return kPlain[static_cast<std::size_t>(command)];
}

void NamedStatements::set(std::string_view name, StatementRef statement, std::size_t limit) {
  if (name.empty()) {
    unnamed_ = std::move(statement);
    return;
  }
  if (!named_) named_ = std::make_unique<Map>();
  const std::string key(wire::significant(name));
  if (named_->size() >= limit && !named_->contains(key)) return;
  (*named_)[key] = std::move(statement);
}

const StatementRef* NamedStatements::find(std::string_view name) const {
  if (name.empty()) return unnamed_ ? &unnamed_ : nullptr;
  if (!named_) return nullptr;
  const auto found = named_->find(std::string(wire::significant(name)));
  return found == named_->end() ? nullptr : &found->second;
}

void NamedStatements::forget(std::string_view name) {
  if (name.empty()) {
    unnamed_.reset();
  } else if (named_) {
    named_->erase(std::string(wire::significant(name)));
  }
}

namespace {

// The text up to white space or a semicolon; `rest` begins behind it.
std::string_view next_word(std::string_view& rest) {
  constexpr std::string_view kSpace = " \t\r\n\f\v;";
  rest.remove_prefix(std::min(rest.find_first_not_of(kSpace), rest.size()));
  const std::string_view word = rest.substr(0, rest.find_first_of(kSpace));
  rest.remove_prefix(word.size());
  return word;
}

std::string folded(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

// The name as the server reads it; empty where it is no plain identifier.
std::string identifier(std::string_view word) {
  const bool quoted = word.size() > 2 && word.front() == '"' && word.back() == '"';
  if (quoted) word = word.substr(1, word.size() - 2);
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (!std::all_of(word.begin(), word.end(), plain)) return {};
  return quoted ? std::string(word) : folded(word);
}

}  // namespace

void NamedStatements::deallocate(std::string_view sql) {
  std::string_view rest = sql;
  const bool deallocates = folded(next_word(rest)) == "deallocate";
  std::string_view word = next_word(rest);
  std::string_view behind = next_word(rest);
  if (folded(word) == "prepare" && !behind.empty()) {
    word = behind;
    behind = next_word(rest);
  }
  const std::string name = identifier(word);
  const bool all = folded(word) == "all";
  deallocates && !all && !name.empty() && behind.empty() ? forget(name) : clear();
}

void NamedStatements::clear() {
  unnamed_.reset();
  named_.reset();
}

}  // namespace pgconcord::session
