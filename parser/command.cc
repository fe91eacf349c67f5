#include "parser/command.h"

#include <array>

#include "parser/lexer.h"

namespace pgconcord::parser {
namespace {

bool equals_keyword(std::string_view text, std::string_view keyword) {
  if (text.size() != keyword.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != keyword[i]) return false;
  }
  return true;
}

struct Keyword {
  std::string_view name;
  Command command;
};

// Most frequent first; the first letter sorts most of them out.
constexpr std::array kKeywords{
    Keyword{"select", Command::Select},
    Keyword{"insert", Command::Insert},
    Keyword{"update", Command::Update},
    Keyword{"delete", Command::Delete},
    Keyword{"begin", Command::Begin},
    Keyword{"commit", Command::Commit},
    Keyword{"set", Command::Set},
    Keyword{"with", Command::With},
    Keyword{"savepoint", Command::Savepoint},
    Keyword{"release", Command::Release},
    Keyword{"rollback", Command::Rollback},
    Keyword{"copy", Command::Copy},
    Keyword{"values", Command::Select},
    Keyword{"table", Command::Select},
    Keyword{"merge", Command::Merge},
    Keyword{"start", Command::Begin},
    Keyword{"end", Command::Commit},
    Keyword{"abort", Command::Rollback},
    Keyword{"reset", Command::Reset},
    Keyword{"discard", Command::Discard},
    Keyword{"prepare", Command::Prepare},
    Keyword{"execute", Command::Execute},
    Keyword{"deallocate", Command::Deallocate},
    Keyword{"create", Command::Ddl},
    Keyword{"alter", Command::Ddl},
    Keyword{"drop", Command::Ddl},
    Keyword{"truncate", Command::Ddl},
    Keyword{"comment", Command::Ddl},
    Keyword{"grant", Command::Ddl},
    Keyword{"revoke", Command::Ddl},
    Keyword{"reindex", Command::Ddl},
    Keyword{"cluster", Command::Ddl},
    Keyword{"refresh", Command::Ddl},
    Keyword{"security", Command::Ddl},
    Keyword{"import", Command::Ddl},
    Keyword{"reassign", Command::Ddl},
};

Command command_of(std::string_view word) {
  const char letter = static_cast<char>(word.front() | 0x20);
  for (const Keyword& keyword : kKeywords) {
    if (keyword.name.front() == letter && equals_keyword(word, keyword.name))
      return keyword.command;
  }
  return Command::Other;
}

bool next_is(Lexer& lexer, std::string_view keyword) {
  return lexer.next() == TokenKind::Word && equals_keyword(lexer.text(), keyword);
}

Command rollback(Lexer& lexer) {
  if (lexer.next() != TokenKind::Word) return Command::Rollback;
  if (equals_keyword(lexer.text(), "work") || equals_keyword(lexer.text(), "transaction")) {
    if (lexer.next() != TokenKind::Word) return Command::Rollback;
  }
  return equals_keyword(lexer.text(), "to") ? Command::RollbackTo : Command::Rollback;
}

}  // namespace

Command leading_command(std::string_view sql) {
  Lexer lexer(sql);
  TokenKind kind = lexer.next();
  while (kind == TokenKind::Punctuation && lexer.first() == ';') kind = lexer.next();
  if (kind == TokenKind::End) return lexer.unsure() ? Command::Other : Command::Empty;
  const bool parenthesised = kind == TokenKind::Punctuation && lexer.first() == '(';
  while (kind == TokenKind::Punctuation && lexer.first() == '(') kind = lexer.next();
  if (kind != TokenKind::Word) return Command::Other;

  const Command command = command_of(lexer.text());
  if (parenthesised) {
    return command == Command::Select || command == Command::With ? command : Command::Other;
  }
  if (command == Command::Rollback) return rollback(lexer);
  if (command == Command::Set && next_is(lexer, "constraints")) return Command::SetConstraints;
  if (command == Command::Prepare && next_is(lexer, "transaction") &&
      lexer.next() == TokenKind::String) {
    return Command::Commit;
  }
  return command;
}

namespace {

bool writes(Command command) {
  return command == Command::Insert || command == Command::Update || command == Command::Delete ||
         command == Command::Merge;
}

Command command_of_word(std::string_view word) {
  for (const Keyword& keyword : kKeywords) {
    if (equals_keyword(word, keyword.name)) return keyword.command;
  }
  return Command::Other;
}

}  // namespace

namespace {

// The writes a text behind WITH holds: at the top level and in its first data-modifying CTE.
struct Writes {
  Command top = Command::Other;
  Command in_cte = Command::Other;
};

Writes writes_behind_with(Lexer& lexer) {
  Writes found;
  std::size_t depth = 0;
  bool after_bracket = false;
  for (TokenKind kind = lexer.next(); kind != TokenKind::End; kind = lexer.next()) {
    const char mark = kind == TokenKind::Punctuation ? lexer.first() : ' ';
    if (mark == ';' && depth == 0) break;
    if (mark == ')' && depth > 0) --depth;
    const Command command =
        kind == TokenKind::Word ? command_of_word(lexer.text()) : Command::Other;
    const bool is_top = depth == 0 && (writes(command) || command == Command::Select);
    if (is_top) {
      found.top = command;
      break;
    }
    // A CTE's body is the first word behind its bracket.
    if (after_bracket && found.in_cte == Command::Other && writes(command)) found.in_cte = command;
    after_bracket = mark == '(';
    if (after_bracket) ++depth;
  }
  return found;
}

std::string unquoted(TokenKind kind, std::string_view text) {
  std::string name;
  if (kind == TokenKind::QuotedIdentifier) {
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
      name.push_back(text[i]);
      if (text[i] == '"') ++i;
    }
  } else if (kind == TokenKind::Word) {
    for (const char c : text)
      name.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
  }
  return name;
}

}  // namespace

Command writing_command(std::string_view sql) {
  const Command leading = leading_command(sql);
  if (leading != Command::With) return leading;
  Lexer lexer(sql);
  const Writes found = writes_behind_with(lexer);
  const bool reads_at_top = found.top == Command::Select || found.top == Command::Other;
  return reads_at_top && found.in_cte != Command::Other ? found.in_cte : found.top;
}

std::string prepared_name(std::string_view sql) {
  Lexer lexer(sql);
  while (lexer.next() == TokenKind::Punctuation && lexer.first() == ';') {
  }
  TokenKind kind = lexer.next();
  if (kind == TokenKind::Word && equals_keyword(lexer.text(), "prepare")) kind = lexer.next();
  if (kind == TokenKind::Word && equals_keyword(lexer.text(), "all")) return {};
  return unquoted(kind, lexer.text());
}

}  // namespace pgconcord::parser
