// What a statement of the console asks of the running proxy, and the answer. Values: whoever
// answers (proxy/admin) does so elsewhere and later.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "proxy/console/table.h"

namespace pgconcord::console {

enum class Topic : std::uint8_t {
  Violations,
  Policies,
  Rewrites,
  LeftAlone,
  Suggestions,
  Sessions,
  Catalog,
  Config,
  Version,
  Explain,    // Question::text: the SQL
  Reload,     // no rows
  SetPolicy,  // Question::text: the policy; no rows
};

struct Question {
  Topic topic = Topic::Version;
  std::string text{}, mode{};
};

// An ErrorResponse in the making.
struct Refusal {
  std::string sqlstate, message, detail{}, hint{};
};

using Answer = tl::expected<Rows, Refusal>;

// What the rows of its answer have; none for those without rows.
Columns columns_of(Topic topic);

}  // namespace pgconcord::console
