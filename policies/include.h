// Private to policies: reading files, and finding those that an `include` pattern means.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "policies/source_text.h"

namespace pgconcord::policies {

// The error says why, in the words of the system.
// Of a file longer than `size_max`, one byte more than that.
[[nodiscard]] tl::expected<std::string, std::string> read_file(const std::string& path,
                                                               std::size_t size_max = 1024 * 1024);

// The path of a pattern: relative ones start at the folder of the file `including`.
std::string included_path(std::string_view pattern, const std::string& including);

// The files a pattern means, in name order; `*` and `?` stand in the file name only and do not
// match a leading dot. The file `including` must not be among them. At least one file.
[[nodiscard]] tl::expected<std::vector<std::string>, Problem> included_files(
    std::string_view pattern, const std::string& including);

}  // namespace pgconcord::policies
