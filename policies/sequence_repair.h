// The SQL that moves a sequence which is behind its table, as text for people and for the proxy. It
// only moves forward: a plain setval(max) or greatest() under load hands out numbers twice
// (rewrite.md D).
#pragma once

#include <string>

namespace pgconcord::policies {

// Names as SQL writes them: quoted where they need it, with their schema.
struct SequenceUse {
  std::string table;     // public.orders
  std::string column;    // id
  std::string sequence;  // public.orders_id_seq
  bool is_partitioned = false;
};

// One statement for people. Does nothing when the sequence is not behind; concurrent writers may go
// on. `descending` sequences count down.
std::string repair_statement(const SequenceUse& use, bool descending);

// The same for the proxy: one row with a number, how many values were skipped, 0 when the sequence
// was not behind. Schema-qualified down to the operators (protocol.md 5.4); $1 text is the
// sequence. It draws one number to know for certain where the sequence is; a gap that writers could
// close meanwhile is drawn, never set. No row: another session is at it.
std::string live_repair_statement(const SequenceUse& use);

}  // namespace pgconcord::policies
