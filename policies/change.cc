#include "policies/change.h"

#include <algorithm>
#include <utility>

namespace pgconcord::policies {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

std::string names_of(const std::vector<Policy>& policies) {
  std::string names;
  for (const Policy& policy : policies) names += (names.empty() ? "" : ", ") + policy.name;
  return names;
}

}  // namespace

tl::expected<Mode, ChangeRefusal> mode_named(std::string_view name) {
  const std::string wanted = lower_case(name);
  for (const Mode mode : {Mode::Off, Mode::Observe, Mode::Enforce}) {
    if (wanted == label(mode)) return mode;
  }
  return tl::unexpected(ChangeRefusal{
      Obstacle::Invalid, "there is no such mode", "a mode is off, observe or enforce", {}});
}

tl::expected<Config, ChangeRefusal> with_policy_mode(Config config, std::string_view policy,
                                                     Mode mode) {
  const auto found = std::find_if(config.policies.begin(), config.policies.end(),
                                  [&](const Policy& each) { return each.name == policy; });
  if (found == config.policies.end()) {
    const std::string names = names_of(config.policies);
    return tl::unexpected(ChangeRefusal{
        Obstacle::NoSuchPolicy,
        "there is no policy of that name",
        names.empty() ? "the configuration has no policies" : "the policies are " + names,
        {}});
  }
  if (mode > config.mode) {
    const std::string ceiling(label(config.mode));
    return tl::unexpected(ChangeRefusal{
        Obstacle::AboveCeiling,
        "the mode " + std::string(label(mode)) + " is above the ceiling " + ceiling,
        "set `mode: " + std::string(label(mode)) + "` at the top of the file and reload",
        {}});
  }
  found->mode = mode;
  return config;
}

}  // namespace pgconcord::policies
