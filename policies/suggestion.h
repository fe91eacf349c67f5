// Private to policies: did-you-mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgconcord::policies {

// The name nearest to `word`, or "" when none is near enough to be what was meant.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& names);

// The names in backquotes, separated by commas.
std::string listed(const std::vector<std::string_view>& names);

}  // namespace pgconcord::policies
