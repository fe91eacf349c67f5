// Private to decide(): the clause a policy asks for, and what it writes. rewrite.md A1, A3, A4,
// A10, A18.
#pragma once

#include <string_view>
#include <vector>

#include "parser/on_conflict.h"
#include "policies/reason.h"
#include "policies/subject.h"

namespace pgconcord::policies {

struct Effect {
  parser::OnConflict clause;
  std::vector<const Column*> written;  // the columns of SET; empty = DO NOTHING
  Reason reason = Reason::None;        // why there is no clause
};

Effect effect_of(const Subject& subject);

}  // namespace pgconcord::policies
