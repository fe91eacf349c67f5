// Private to policies: reading files, and finding those that an `include` pattern means.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "policies/source_text.h"

namespace pgconcord::policies {

// The error says why, in the words of the system.
[[nodiscard]] tl::expected<std::string, std::string> read_file(const std::string& path);

// The files a pattern means, in name order; `*` and `?` stand in the file name only and do not
// match a leading dot. Relative patterns start at the folder of the file `including`, which must
// not be among them. At least one file.
[[nodiscard]] tl::expected<std::vector<std::string>, Problem> included_files(
    std::string_view pattern, const std::string& including);

}  // namespace pgconcord::policies
