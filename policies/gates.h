// Private to decide(): the preconditions of rewrite.md section 1 and A6 to A15, each with its
// reason.
#pragma once

#include "policies/effect.h"
#include "policies/reason.h"
#include "policies/subject.h"

namespace pgconcord::policies {

// Told by the statement alone.
Reason statement_gates(const parser::Insert& insert);
// The kind of relation (A13).
Reason relation_gates(const Table& table);
// The unique index (A6, A7).
Reason arbiter_gates(const Subject& subject);
// What the clause reads and writes, and the session's own situation.
Reason effect_gates(const Subject& subject, const Effect& effect);
// The last of them: the session's own situation alone.
Reason session_gates(const Policy& policy, const Table& table, const Situation& situation);

}  // namespace pgconcord::policies
