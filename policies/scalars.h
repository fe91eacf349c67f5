// Private to policies: the text of one scalar -> a number, in the units of config.h. Our own
// reading, because YAML's says that `010` is eight and `no` is false.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "policies/source_text.h"

namespace pgconcord::policies {

using Number = tl::expected<std::uint64_t, Problem>;

Number parse_count(std::string_view text);     // 1000
Number parse_duration(std::string_view text);  // 500ms, 5s, 1m, 2h -> milliseconds
Number parse_size(std::string_view text);      // 4096, 256KiB, 64MB -> bytes
Number parse_percent(std::string_view text);   // 25% -> 25
Number parse_flag(std::string_view text);      // true, false -> 1, 0

// `schema.table`, either part in double quotes when it holds a dot; `*` as schema.
tl::expected<std::pair<std::string, std::string>, Problem> parse_table(std::string_view text);

// The shortest text that means the number again.
std::string duration_text(std::uint64_t milliseconds);
std::string size_text(std::uint64_t bytes);
std::string table_text(std::string_view schema, std::string_view table);

}  // namespace pgconcord::policies
