#include "parser/session_effects.h"

#include <algorithm>
#include <array>

#include "parser/command.h"
#include "parser/harmless_functions.h"
#include "parser/lexer.h"

namespace pgconcord::parser {
namespace {

constexpr std::size_t kNameBytesMax = 63;

// A name as the server reads it, folded into a fixed buffer. Empty when it is none or does not fit.
class FoldedName {
 public:
  FoldedName() = default;
  FoldedName(TokenKind kind, std::string_view text) {
    if (kind == TokenKind::QuotedIdentifier) {
      text = text.substr(1, text.size() - 2);
      if (text.find('"') != std::string_view::npos) return;
    } else if (kind != TokenKind::Word) {
      return;
    }
    if (text.size() > kNameBytesMax) return;
    const bool fold = kind == TokenKind::Word;
    std::transform(text.begin(), text.end(), bytes_.begin(), [fold](char c) {
      return fold && c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    size_ = text.size();
  }

  [[nodiscard]] std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, kNameBytesMax> bytes_{};
  std::size_t size_ = 0;
};

bool is_name(TokenKind kind) {
  return kind == TokenKind::Word || kind == TokenKind::QuotedIdentifier ||
         kind == TokenKind::UnicodeIdentifier;
}

// Looks for calls of unknown functions, that is for `name (` where the grammar takes no other
// meaning for granted.
class CallFinder {
 public:
  CallFinder(std::string_view sql, Command command)
      : lexer_(sql), in_cte_list_(command == Command::With) {}

  bool finds_unknown_effect() {
    for (kind_ = lexer_.next(); kind_ != TokenKind::End; kind_ = lexer_.next()) {
      if (is_punctuation('(') && calls_unknown_function()) return true;
      if (creates_table()) return true;
      advance();
    }
    return false;
  }

 private:
  [[nodiscard]] bool is_punctuation(char byte) const {
    return kind_ == TokenKind::Punctuation && lexer_.first() == byte;
  }

  // SELECT ... INTO: a new table may hide another one.
  [[nodiscard]] bool creates_table() const {
    return kind_ == TokenKind::Word && FoldedName(kind_, lexer_.text()).text() == "into" &&
           !qualified_ && name_.text() != "insert" && name_.text() != "merge";
  }

  [[nodiscard]] bool calls_unknown_function() const {
    if (!is_name(name_kind_)) return false;
    const bool quoted = name_kind_ != TokenKind::Word;
    if (!quoted && !qualified_ && is_syntax_before_parenthesis(name_.text())) return false;
    // What follows these is a table, an alias, a CTE or a type.
    constexpr std::array<std::string_view, 6> kNamesFollow{"as",        "copy", "into",
                                                           "recursive", "with", "::"};
    if (std::find(kNamesFollow.begin(), kNamesFollow.end(), before_) != kNamesFollow.end())
      return false;
    if (in_cte_list_ && depth_ == 0) return false;
    if (qualified_ && qualifier_.text() != "pg_catalog") return true;
    return !is_harmless_function(name_.text());
  }

  // Keeps `before_ [qualifier_ .] name_`: the name before the coming token, and the word before the
  // whole name.
  void advance() {
    if (is_punctuation('(') || is_punctuation('[')) ++depth_;
    if ((is_punctuation(')') || is_punctuation(']')) && depth_ > 0) --depth_;
    if (is_punctuation('.') && is_name(name_kind_)) {
      qualifier_ = qualified_ ? FoldedName() : name_;
      qualified_ = true;
      after_period_ = true;
      return;
    }
    if (!after_period_) {
      before_ = is_cast_ ? "::" : keyword();
      qualified_ = false;
    }
    after_period_ = false;
    is_cast_ = kind_ == TokenKind::Operator && lexer_.text() == "::";
    name_kind_ = kind_;
    name_ = FoldedName(kind_, lexer_.text());
    if (depth_ == 0 && kind_ == TokenKind::Word && starts_main_statement()) in_cte_list_ = false;
  }

  // The word that stood before the coming name, as one of a few literals.
  [[nodiscard]] std::string_view keyword() const {
    constexpr std::array<std::string_view, 5> kWords{"as", "copy", "into", "recursive", "with"};
    if (name_kind_ != TokenKind::Word || qualified_) return {};
    const auto* found = std::find(kWords.begin(), kWords.end(), name_.text());
    return found == kWords.end() ? std::string_view() : *found;
  }

  [[nodiscard]] bool starts_main_statement() const {
    constexpr std::array<std::string_view, 7> kStarts{"delete", "insert", "merge", "select",
                                                      "table",  "update", "values"};
    return std::find(kStarts.begin(), kStarts.end(), name_.text()) != kStarts.end();
  }

  Lexer lexer_;
  TokenKind kind_ = TokenKind::End;
  bool in_cte_list_;
  std::size_t depth_ = 0;
  std::string_view before_;
  FoldedName qualifier_;
  FoldedName name_;
  TokenKind name_kind_ = TokenKind::End;
  bool qualified_ = false;
  bool after_period_ = false;
  bool is_cast_ = false;
};

// Semicolons in brackets do not count, but only DDL has them: that is true anyway.
bool is_single_and_sure(std::string_view sql) {
  Lexer lexer(sql);
  bool statement = false;
  bool ended = false;
  for (TokenKind kind = lexer.next(); kind != TokenKind::End; kind = lexer.next()) {
    const bool semicolon = kind == TokenKind::Punctuation && lexer.first() == ';';
    if (!semicolon && ended) return false;
    statement = statement || !semicolon;
    ended = statement && semicolon;
  }
  return !lexer.unsure();
}

bool other_is_harmless(std::string_view sql) {
  Lexer lexer(sql);
  TokenKind kind = lexer.next();
  while (kind == TokenKind::Punctuation && lexer.first() == ';') kind = lexer.next();
  if (kind != TokenKind::Word) return false;
  const FoldedName word(kind, lexer.text());
  constexpr std::array<std::string_view, 7> kHarmless{"checkpoint", "close", "listen",  "lock",
                                                      "notify",     "show",  "unlisten"};
  return std::find(kHarmless.begin(), kHarmless.end(), word.text()) != kHarmless.end();
}

}  // namespace

bool may_change_name_resolution(std::string_view sql) {
  if (!is_single_and_sure(sql)) return true;
  const Command command = leading_command(sql);
  switch (command) {
    case Command::Empty:
    case Command::Begin:
    case Command::Commit:
    case Command::Savepoint:
    case Command::Release:
    case Command::SetConstraints:
    case Command::Prepare:
    case Command::Deallocate:
      return false;
    case Command::Select:
    case Command::Insert:
    case Command::Update:
    case Command::Delete:
    case Command::Merge:
    case Command::With:
    case Command::Copy:
      return CallFinder(sql, command).finds_unknown_effect();
    case Command::Other:
      return !other_is_harmless(sql);
    case Command::Set:
    case Command::Reset:
    case Command::Discard:
    case Command::Rollback:
    case Command::RollbackTo:
    case Command::Execute:
    case Command::Ddl:
      return true;
  }
  return true;
}

}  // namespace pgconcord::parser
