#include "policies/labelled.h"

namespace pgconcord::policies {

// Names of the catalog where there is one, else of the policy; never of the statement.
Decision labelled(const Concern& concern, const Situation& situation) {
  Decision decision;
  const Policy& policy = *concern.policy;
  decision.policy = &policy;
  decision.table_name = policy.table;
  decision.constraint = policy.constraint;
  if (policy.schema != "*") decision.schema = policy.schema;
  if (concern.table != nullptr) {
    decision.table = concern.table->oid;
    decision.schema = concern.table->schema;
    decision.table_name = concern.table->name;
  } else if (situation.moment == Moment::AfterViolation && policy.schema == "*") {
    decision.schema = situation.violated_schema;  // the server's own word
  }
  if (concern.arbiter != nullptr) {
    decision.constraint = concern.arbiter->name;
  } else if (policy.constraint == "*" || policy.constraint.empty()) {
    decision.constraint = situation.violated_constraint;
  }
  return decision;
}

// Nothing is asked of the server while policies only observe (I1), so there may be no catalog.
bool is_observed_blindly(const Concern& concern, const Situation& situation) {
  return situation.catalog == nullptr && concern.policy->mode == Mode::Observe &&
         (situation.moment == Moment::UpFront || concern.policy->columns.empty());
}

}  // namespace pgconcord::policies
