// Rows with typed columns: what the console's statements return.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace pgconcord::console {

// Object ids of PostgreSQL's pg_type.
enum class Type : std::uint32_t {
  Bool = 16,
  Name = 19,
  Int8 = 20,
  Int4 = 23,
  Text = 25,
  Float8 = 701,
  TimestampTz = 1184,
};

struct Column {
  std::string name;
  Type type = Type::Text;
  friend bool operator==(const Column&, const Column&) = default;
};
using Columns = std::vector<Column>;

using Time = std::chrono::system_clock::time_point;
// monostate is NULL. An integer stands in columns of both sizes.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Time>;
using Row = std::vector<Value>;  // one value for each column
using Rows = std::vector<Row>;

}  // namespace pgconcord::console
