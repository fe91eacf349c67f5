#include "proxy/console/question.h"

namespace pgconcord::console {
namespace {

constexpr Type kBool = Type::Bool;
constexpr Type kCount = Type::Int8;
constexpr Type kTime = Type::TimestampTz;

Columns violations() {
  return {{"database"},
          {"schema"},
          {"table"},
          {"constraint"},
          {"kind"},
          {"statement"},
          {"application"},
          {"count", kCount},
          {"sequence_drift", kCount},
          {"race", kCount},
          {"repeated_import", kCount},
          {"repeated_write", kCount},
          {"unknown", kCount},
          {"recovered", kCount},
          {"rolled_back", kCount},
          {"autocommit", kCount},
          {"first_seen", kTime},
          {"last_seen", kTime},
          {"text"}};
}

Columns policies() {
  return {{"policy"},
          {"mode"},
          {"suspended", kBool},
          {"table"},
          {"constraint"},
          {"statement"},
          {"action"},
          {"apply"},
          {"rewritten", kCount},
          {"observed", kCount},
          {"absorbed", kCount},
          {"rewrite_errors", kCount},
          {"left_alone", kCount}};
}

Columns suggestions() {
  return {{"database"}, {"schema"},   {"table"},  {"constraint"}, {"kind"}, {"count", kCount},
          {"verdict"},  {"evidence"}, {"advice"}, {"policy"},     {"sql"},  {"cautions"}};
}

Columns sessions() {
  return {{"id", kCount},
          {"database"},
          {"user"},
          {"application"},
          {"state"},
          {"since", kTime},
          {"started", kTime},
          {"statements", kCount},
          {"violations", kCount},
          {"rewrites", kCount},
          {"backend_pid", Type::Int4}};
}

Columns catalog() {
  return {{"database"}, {"role"},    {"schema"},           {"table"},        {"constraint"},
          {"kind"},     {"columns"}, {"immediate", kBool}, {"valid", kBool}, {"stale", kBool}};
}

Columns explanation() {
  return {{"statement", Type::Int4},
          {"original"},
          {"moment"},
          {"violated"},
          {"policy"},
          {"mode"},
          {"action"},
          {"result"},
          {"sql"},
          {"tag"},
          {"reason"},
          {"explanation"}};
}

}  // namespace

Columns columns_of(Topic topic) {
  switch (topic) {
    case Topic::Violations:
      return violations();
    case Topic::Policies:
      return policies();
    case Topic::Rewrites:
      return {{"policy"}, {"database"}, {"schema"}, {"table"}, {"result"}, {"count", kCount}};
    case Topic::LeftAlone:
      return {{"policy"}, {"reason"}, {"count", kCount}, {"explanation"}};
    case Topic::Suggestions:
      return suggestions();
    case Topic::Sessions:
      return sessions();
    case Topic::Catalog:
      return catalog();
    case Topic::Config:
      return {{"key"}, {"value"}};
    case Topic::Version:
      return {{"version"}, {"revision"}, {"compiler"}, {"pg_query"}};
    case Topic::Explain:
      return explanation();
    case Topic::Reload:
    case Topic::SetPolicy:
      return {};
  }
  return {};
}

}  // namespace pgconcord::console
