// Which policies a session has: decided once, when it starts or follows a reload.
#include "policies/decide.h"

namespace pgconcord::policies {
namespace {

// One step of a mixing hash (splitmix64's finaliser), so that lists that differ in one place differ
// in their ids.
std::uint64_t mix(std::uint64_t state, std::uint64_t value) {
  std::uint64_t x = state + 0x9E3779B97F4A7C15ULL + value;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

bool applies(const When& when, std::string_view database, std::string_view user,
             std::string_view application) {
  return any_glob_matches(when.databases, database) && any_glob_matches(when.users, user) &&
         any_glob_matches(when.applications, application);
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size): the six facts of a session, named once
Selection select(const std::vector<Policy>& policies, std::string_view database,
                 std::string_view user, std::string_view application, std::uint8_t session_share,
                 std::uint64_t config_generation) {
  Selection selection;
  selection.id = mix(0, config_generation);
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const Policy& policy = policies[i];
    if (policy.mode == Mode::Off || !applies(policy.when, database, user, application)) continue;
    const bool inside = session_share < policy.rollout_percent;
    (inside ? selection.policies : selection.rolled_out_of).push_back(&policy);
    selection.id = mix(selection.id, i * 2 + (inside ? 1 : 0));
  }
  return selection;
}

}  // namespace pgconcord::policies
