// What the session knows of the client's prepared statements and portals, by the first 63 bytes of
// their names (protocol.md 4.8). A name that is not known is not an error: its statement is
// forwarded and attributed to `other`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "parser/command.h"

namespace pgconcord::session {

// One statement text as the client sent it. Immutable; shared by the name map, portals and expected
// replies.
struct ClientStatement {
  parser::Command command = parser::Command::Other;
  bool changes_names = false;   // may change what an unqualified table name means (protocol.md 6.6)
  bool changes_role = false;    // may change whose privileges count (6.3)
  std::string sql;              // kept only where a policy may want it; empty otherwise
  std::string parameter_types;  // Parse's Int16 count and object ids, kept with `sql`
  std::string excerpt{};  // of a write: its text up to kExplainedTextMax, to explain violations
  std::string look_up{};  // a SELECT's text, for what an INSERT behind it rests on
  // May change how the server reads SQL text; what it did is reported at ReadyForQuery (6.8).
  bool changes_lexing = false;
  // Its Parse was not seen, or not the start of its text: it may be anything.
  bool unseen = false;
  std::string name{};  // of an unseen one
};
using StatementRef = std::shared_ptr<const ClientStatement>;

// A shared statement without text, for sessions no policy concerns.
const StatementRef& plain_statement(parser::Command command);

// One whose text is not known.
StatementRef unseen_statement(std::string_view name);

// Names of one kind; the unnamed one is kept inline because nearly every client uses only that.
//
// A Parse gives a name its meaning only when the server confirms it (4.7). Until then it is noted
// by announce(). Where the name had a meaning before, the Parse may fail because of that: in a
// later batch the name is doubtful(); in the same one it is not, because a failed Parse takes it
// along.
class NamedStatements {
 public:
  // Over `limit` names further ones are forgotten, which only leaves their statements alone (4.22).
  void set(std::string_view name, StatementRef statement, std::size_t limit);
  void announce(std::string_view name, StatementRef statement, std::size_t limit,
                std::uint32_t batch);
  void confirm(std::string_view name);
  // The Parse failed or was skipped: the name means what it meant before, nothing if that is not
  // known.
  void withdraw(std::string_view name, StatementRef before);
  bool doubtful(std::string_view name, std::uint32_t batch) const;
  // What a name is confirmed to mean; nothing while that is open.
  StatementRef confirmed(std::string_view name) const;
  // nullptr when not known. Valid until the next change.
  const StatementRef* find(std::string_view name) const;
  // What a name means to the server, as far as it is known: a name that is not may stand for
  // anything where names were lost.
  StatementRef meaning(std::string_view name) const;
  void forget(std::string_view name);
  void clear();
  // Forgets all names, which the server does not.
  void lose();

 private:
  struct Known {
    StatementRef statement;
    std::uint32_t pending = 0;  // Parses that are not confirmed yet
    std::uint32_t batch = 0;    // of the last of them
    bool redefined = false;     // it had a meaning before
  };
  using Map = std::unordered_map<std::string, Known>;
  const Known* known(std::string_view name) const;
  Known* known(std::string_view name);

  Known unnamed_;
  std::unique_ptr<Map> named_;
  bool lost_ = false;  // the server may know names that are not here
};

}  // namespace pgconcord::session
