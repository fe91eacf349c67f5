#include "proxy/console/encoding.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "proxy/wire/bytes.h"

namespace pgconcord::console {
namespace {

using std::chrono::microseconds;

// 2000-01-01, from which PostgreSQL counts, in seconds since 1970.
constexpr std::int64_t kEpoch = 946'684'800;
constexpr std::uint16_t kVariable = 0xFFFF;  // typlen -1

Format format_of(const Formats& formats, std::size_t column) {
  if (formats.empty()) return Format::Text;
  return formats.size() == 1 ? formats[0] : formats[column];
}

std::uint16_t size_of(Type type) {
  switch (type) {
    case Type::Bool:
      return 1;
    case Type::Int4:
      return 4;
    case Type::Int8:
    case Type::Float8:
    case Type::TimestampTz:
      return 8;
    case Type::Name:
      return 64;
    case Type::Text:
      return kVariable;
  }
  return kVariable;
}

std::string text_of(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return {digits.data(), end};
}

std::string text_of(Time time) {
  const auto since = std::chrono::floor<microseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t clock = seconds.count();
  std::tm parts{};
  gmtime_r(&clock, &parts);
  std::array<char, 48> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  std::string result(text.data(), size);
  if (const long fraction = (since - seconds).count(); fraction != 0) {
    std::snprintf(text.data(), text.size(), ".%06ld", fraction);
    result += text.data();
    while (result.back() == '0') result.pop_back();
  }
  return result + "+00";
}

std::string big_endian(std::uint64_t number, std::size_t size) {
  std::string bytes;
  for (std::size_t i = size; i-- > 0;) bytes += static_cast<char>(number >> (8 * i) & 0xFF);
  return bytes;
}

struct Binary {
  Type type;
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool truth) const { return big_endian(truth ? 1 : 0, 1); }
  std::string operator()(std::int64_t number) const {
    return big_endian(static_cast<std::uint64_t>(number), type == Type::Int4 ? 4 : 8);
  }
  std::string operator()(double number) const {
    return big_endian(std::bit_cast<std::uint64_t>(number), 8);
  }
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(Time time) const {
    const auto since = std::chrono::floor<microseconds>(time.time_since_epoch());
    return big_endian(static_cast<std::uint64_t>(since.count() - kEpoch * 1'000'000), 8);
  }
};

struct Text {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool truth) const { return truth ? "t" : "f"; }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(double number) const { return text_of(number); }
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(Time time) const { return text_of(time); }
};

}  // namespace

std::string as_text(const Value& value) { return std::visit(Text{}, value); }

std::string row_description(const Columns& columns, const Formats& formats) {
  wire::ByteWriter writer;
  writer.begin('T');
  writer.u16(static_cast<std::uint16_t>(columns.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Type type = columns[i].type;
    writer.string(columns[i].name);
    writer.u32(0);  // of no table
    writer.u16(0);
    writer.u32(static_cast<std::uint32_t>(type));
    writer.u16(size_of(type));
    writer.u32(0xFFFFFFFF);  // no type modifier
    writer.u16(static_cast<std::uint16_t>(format_of(formats, i)));
  }
  writer.end();
  return writer.take();
}

std::string data_row(const Row& row, const Columns& columns, const Formats& formats) {
  wire::ByteWriter writer;
  writer.begin('D');
  writer.u16(static_cast<std::uint16_t>(row.size()));
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (std::holds_alternative<std::monostate>(row[i])) {
      writer.u32(0xFFFFFFFF);
      continue;
    }
    const std::string bytes = format_of(formats, i) == Format::Binary
                                  ? std::visit(Binary{columns[i].type}, row[i])
                                  : as_text(row[i]);
    writer.u32(static_cast<std::uint32_t>(bytes.size()));
    writer.raw(bytes);
  }
  writer.end();
  return writer.take();
}

}  // namespace pgconcord::console
