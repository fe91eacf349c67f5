// A change of the running configuration that an operator asks for, and how it went: the words of
// the HTTP interface and of the console.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "policies/config.h"
#include "policies/load.h"

namespace pgconcord::policies {

// What is in force after it.
struct InForce {
  std::uint64_t generation = 0;  // raised by every change
  Mode mode = Mode::Observe;     // the ceiling
  std::size_t policies = 0;
  std::size_t sessions = 0;
};

enum class Obstacle : std::uint8_t {
  NoSuchPolicy,
  AboveCeiling,
  Invalid,      // the configuration: `errors` says where
  Unavailable,  // the proxy drains, ends, or did not answer in time
};

struct ChangeRefusal {
  Obstacle obstacle = Obstacle::Unavailable;
  std::string message, help;
  ConfigErrors errors{};
};

using Change = tl::expected<InForce, ChangeRefusal>;

// `off`, `observe` or `enforce`, in any case.
[[nodiscard]] tl::expected<Mode, ChangeRefusal> mode_named(std::string_view name);

// The configuration with another mode of one policy, which the file's ceiling must allow.
[[nodiscard]] tl::expected<Config, ChangeRefusal> with_policy_mode(Config config,
                                                                   std::string_view policy,
                                                                   Mode mode);

}  // namespace pgconcord::policies
