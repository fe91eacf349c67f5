// The secret that `admin.token_file` holds: who shows it may change the running proxy over HTTP.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "policies/config.h"
#include "policies/source_text.h"

namespace pgconcord::policies {

// The file's text without the white space around it. Errors never show what stands there.
[[nodiscard]] tl::expected<std::string, Problem> parse_token(std::string_view text);

// Takes as long for a token that is wrong in its first byte as for one that is wrong in its last.
bool is_token(std::string_view shown, std::string_view token);

}  // namespace pgconcord::policies
