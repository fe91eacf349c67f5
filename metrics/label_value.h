// What may stand in a label. Names come from the wire and can be forged (protocol.md 8.4): any
// length, any byte.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgconcord::metrics {

// NAMEDATALEN - 1: PostgreSQL's own names are never longer.
inline constexpr std::size_t kLabelBytesMax = 63;
// The value that stands for all that did not get a series of its own.
inline constexpr std::string_view kOther = "__other__";

// `raw` cut to kLabelBytesMax at the boundary of a character; bytes that are not UTF-8 and control
// characters become `?`.
std::string label_value(std::string_view raw);

}  // namespace pgconcord::metrics
