// Private to decide(): UPDATEs. insert_missing turns one by key into an INSERT ... ON CONFLICT that
// also creates the row (rewrite.md B); do_nothing answers its violation with `UPDATE 0`.
#pragma once

#include <vector>

#include "parser/insert_form.h"
#include "parser/statement.h"
#include "policies/concern.h"
#include "policies/decide.h"
#include "policies/key_value.h"
#include "policies/reason.h"

namespace pgconcord::policies {

struct UpdateSubject {
  const parser::Update& update;
  const Concern& concern;  // its table and arbiter are known
  const Situation& situation;
};

struct InsertMissing {
  Reason reason = Reason::None;  // why there is no form
  parser::InsertForm form;
  std::vector<KeyCheck> key_checks;
};

InsertMissing insert_missing(const UpdateSubject& subject);

// May a violation be reported as an UPDATE of no rows? The table of `concern` is known.
Reason translation_gates(const parser::Update& update, const Concern& concern,
                         const Situation& situation);

}  // namespace pgconcord::policies
