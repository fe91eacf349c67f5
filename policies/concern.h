// Private to decide(): which policy concerns a write, on which table and by which unique index.
// A policy concerns the table it names and nothing else: a partition that is named directly is a
// table of its own.
#pragma once

#include "parser/statement.h"
#include "policies/catalog.h"
#include "policies/decide.h"
#include "policies/policy.h"
#include "policies/reason.h"

namespace pgconcord::policies {

enum class Share : std::uint8_t { Inside, Outside };  // of the policy's rollout

struct Concern {
  const Policy* policy = nullptr;  // nullptr: none
  Share share = Share::Inside;
  const Table* table = nullptr;
  const UniqueIndex* arbiter = nullptr;
  Reason reason = Reason::None;  // why the table or the arbiter is not known
};

// The first policy in file order for statements of that kind whose action, `apply`, table and,
// after a violation, constraint fit.
Concern find_concern(StatementKind kind, const parser::RelationName& name,
                     const Situation& situation);

}  // namespace pgconcord::policies
