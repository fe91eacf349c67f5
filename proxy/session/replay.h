// Error first (I2b): one write that stands alone, in autocommit or behind a savepoint of ours, is
// kept until its outcome is known; after a violation of a policy's constraint it runs again,
// rewritten, and the client never sees the violation.
//
//   Armed     the statement was sent as it came
//   Held      the violation came and is kept from the client; its ReadyForQuery is awaited
//   Asking    the catalog is asked first, because it is not known or stale
//   Running   the rewritten statement was sent, or for an UPDATE what its answer needs (no_rows.cc)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policies/plan.h"
#include "proxy/session/reply_queue.h"
#include "proxy/wire/frontend_messages.h"

namespace pgconcord::session {

struct Replay {
  enum class State : std::uint8_t { Idle, Armed, Held, Asking, Running };

  State state = State::Idle;
  bool extended = false;
  bool overtaken =
      false;  // the client sent more before the outcome was known: a pipeline, never replayed
  bool needs_catalog = false;
  bool savepoint = false;  // in a transaction block, between our SAVEPOINT and our RELEASE
  bool flushed = false;    // the client ended its messages with Flush: its Sync is yet to come
  bool answered = false;   // an UPDATE: the client has its tag, or an error in its place
  // It was rewritten before it was sent; in its place the client's own is sent where that fails.
  bool original = false;
  parser::Command command = parser::Command::Insert;
  std::string sql;              // the statement as the client wrote it
  std::string parameter_types;  // extended: as in the client's Parse
  std::string bind;             // extended: body of the client's Bind
  std::string execute;          // extended: the client's Execute and what came behind it
  std::vector<Reply> answers;   // extended: one for each message in `execute`
  // original: `execute` begins behind the Bind; where its Execute stands, and how many messages
  // were answered before the error, the Bind included.
  std::size_t execute_index = 0, answered_before = 0;
  std::vector<std::string> notices;  // of the first run
  std::string error;                 // the violation, a whole ErrorResponse
  std::string ready;                 // the ReadyForQuery behind it
  policies::PlanRef plan;
  std::size_t value_rows = 0;  // rows of the VALUES list; 0 = no such list

  void reset() {
    if (state == State::Idle) return;
    state = State::Idle;
    extended = overtaken = needs_catalog = savepoint = flushed = answered = original = false;
    execute_index = answered_before = 0;
    answers.clear();
    notices.clear();
    for (std::string* text : {&sql, &parameter_types, &bind, &execute, &error, &ready})
      text->clear();
    plan.reset();
    value_rows = 0;
  }
};

}  // namespace pgconcord::session
