// Private to decide(): what a decision is called, and whether it is for counting only.
#pragma once

#include "policies/concern.h"
#include "policies/decide.h"

namespace pgconcord::policies {

// A decision with its policy and labels, everything else still open.
Decision labelled(const Concern& concern, const Situation& situation);

// The policy only observes and there is no catalog to decide by.
bool is_observed_blindly(const Concern& concern, const Situation& situation);

}  // namespace pgconcord::policies
