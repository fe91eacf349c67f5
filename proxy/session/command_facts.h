// What the session asks of a statement's command, in one table: a row per command, in the order of
// parser::Command.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "metrics/violation.h"
#include "parser/command.h"

namespace pgconcord::session {

// Can a text that starts with this command hold a write of some kind?
enum class Holds : std::uint8_t { Never, IfNamed, Always };

struct CommandFacts {
  parser::Command command;
  std::string_view tag_word;  // for statements that end without a tag; empty: `other`
  metrics::WriteKind write;   // what a violation is attributed to
  Holds insert, update;       // IfNamed: only a text that has the word
  bool of_rows;               // SELECT and the writes: names change by a call at most
};

namespace command_table {
using enum Holds;
using C = parser::Command;
using W = metrics::WriteKind;

inline constexpr std::array kRows{
    CommandFacts{C::Empty, "", W::Other, Never, Never, false},
    CommandFacts{C::Select, "SELECT", W::Other, IfNamed, Never, true},
    CommandFacts{C::Insert, "INSERT", W::Insert, Always, Never, true},
    CommandFacts{C::Update, "UPDATE", W::Update, IfNamed, Always, true},
    CommandFacts{C::Delete, "DELETE", W::Delete, IfNamed, Never, true},
    CommandFacts{C::Merge, "", W::Other, IfNamed, Never, true},
    CommandFacts{C::Copy, "COPY", W::Copy, IfNamed, Never, false},
    CommandFacts{C::With, "", W::Other, IfNamed, IfNamed, false},
    CommandFacts{C::Begin, "", W::Other, IfNamed, Never, false},
    CommandFacts{C::Commit, "", W::Commit, Never, Never, false},
    CommandFacts{C::Rollback, "", W::Other, Never, Never, false},
    CommandFacts{C::RollbackTo, "", W::Other, Never, Never, false},
    CommandFacts{C::Savepoint, "", W::Other, IfNamed, Never, false},
    CommandFacts{C::Release, "", W::Other, Never, Never, false},
    CommandFacts{C::Set, "", W::Other, IfNamed, Never, false},
    CommandFacts{C::SetConstraints, "", W::Commit, Never, Never, false},
    CommandFacts{C::Reset, "", W::Other, Never, Never, false},
    CommandFacts{C::Discard, "", W::Other, Never, Never, false},
    CommandFacts{C::Deallocate, "", W::Other, Never, Never, false},
    CommandFacts{C::Prepare, "", W::Other, IfNamed, IfNamed, false},
    CommandFacts{C::Execute, "", W::Other, Never, Never, false},
    CommandFacts{C::Ddl, "", W::Ddl, Never, Never, false},
    CommandFacts{C::Other, "", W::Other, IfNamed, IfNamed, false},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].command) != i) return false;
  }
  return kRows.back().command == C::Other;
}
static_assert(in_order(), "a row per command, in the order of the enumeration");
}  // namespace command_table

constexpr const CommandFacts& facts_of(parser::Command command) {
  return command_table::kRows[static_cast<std::size_t>(command)];
}

}  // namespace pgconcord::session
