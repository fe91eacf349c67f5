// Tables as messages of the protocol: RowDescription, and DataRow in text and binary format, as
// PostgreSQL's output functions write them (DateStyle ISO, TimeZone UTC).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/console/table.h"

namespace pgconcord::console {

enum class Format : std::uint16_t { Text = 0, Binary = 1 };
// As Bind has them: none = all text, one = for all columns, else one for each.
using Formats = std::vector<Format>;

std::string row_description(const Columns& columns, const Formats& formats);
std::string data_row(const Row& row, const Columns& columns, const Formats& formats);

std::string as_text(const Value& value);

}  // namespace pgconcord::console
