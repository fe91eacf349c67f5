#include "proxy/session/text_search.h"

#include <algorithm>

#include "proxy/session/command_facts.h"

namespace pgconcord::session {
namespace {

using parser::Command;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

// The word at places where its first letter stands just so: memchr skips the rest.
bool contains_from(std::string_view text, std::string_view word, char first) {
  for (std::size_t at = text.find(first); at != std::string_view::npos;
       at = text.find(first, at + 1)) {
    if (equal_ignoring_case(text.substr(at, word.size()), word)) return true;
  }
  return false;
}

}  // namespace

bool contains_ignoring_case(std::string_view text, std::string_view word) {
  if (word.empty()) return true;
  const char small = lower(word[0]);
  const char large = upper(word[0]);
  return contains_from(text, word, small) || (large != small && contains_from(text, word, large));
}

namespace {

bool may_hold(Holds holds, std::string_view sql, std::string_view word) {
  return holds == Holds::Always || (holds == Holds::IfNamed && contains_ignoring_case(sql, word));
}

}  // namespace

bool calls_set_config(std::string_view sql) { return contains_ignoring_case(sql, "set_config"); }

bool may_change_role(std::string_view sql) {
  return contains_ignoring_case(sql, "role") || contains_ignoring_case(sql, "authorization") ||
         contains_ignoring_case(sql, "discard") || contains_ignoring_case(sql, "reset all");
}

bool may_change_lexing(Command command, std::string_view sql) {
  // A ROLLBACK at most takes back what the block set, which was reported by then.
  if (command == Command::Ddl || command == Command::Rollback || command == Command::RollbackTo)
    return false;
  if (command != Command::Set) return true;
  // A lone SET names what it sets, or is one of SET NAMES, SET ROLE and the like.
  return contains_ignoring_case(sql, "conforming") || contains_ignoring_case(sql, "encoding") ||
         contains_ignoring_case(sql, "names") || sql.find(';') != std::string_view::npos ||
         sql.find('"') != std::string_view::npos;
}

bool may_hide_insert(Command command, std::string_view sql) {
  return may_hold(facts_of(command).insert, sql, "insert");
}

bool may_hide_update(Command command, std::string_view sql) {
  return may_hold(facts_of(command).update, sql, "update");
}

}  // namespace pgconcord::session
