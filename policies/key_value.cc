#include "policies/key_value.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

namespace pgconcord::policies {
namespace {

using Kind = parser::KeyValue::Kind;

// Fixed in every server: pg_type.dat.
constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr Oid kVarchar = 1043;
constexpr Oid kDate = 1082;
constexpr Oid kTimestamp = 1114;
constexpr Oid kTimestamptz = 1184;
constexpr Oid kNumeric = 1700;
constexpr Oid kUuid = 2950;

bool is_whole_number(Oid type) { return type == kInt2 || type == kInt4 || type == kInt8; }

// Comparing and inserting read a text of these types, and a parameter without a type, alike.
bool is_exact(const Column& column) {
  constexpr std::array<Oid, 12> kExact{kBool,    kBytea, kInt8,      kInt2,        kInt4,    kText,
                                       kVarchar, kDate,  kTimestamp, kTimestamptz, kNumeric, kUuid};
  if (column.has_type_modifier || column.is_domain) return false;
  return column.is_enum || std::find(kExact.begin(), kExact.end(), column.type_oid) != kExact.end();
}

std::uint64_t largest(Oid type) {
  if (type == kInt2) return std::numeric_limits<std::int16_t>::max();
  if (type == kInt4) return std::numeric_limits<std::int32_t>::max();
  return std::numeric_limits<std::int64_t>::max();
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_at_most(std::string_view digits, std::uint64_t limit) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (limit - digit) / 10) return false;
    value = value * 10 + digit;
  }
  return true;
}

// Types whose every value is one of the column's, and compares with it as that.
bool is_contained(Oid declared, Oid type) {
  if (declared == 0 || declared == type) return true;
  if (type == kInt8) return declared == kInt4 || declared == kInt2;
  if (type == kInt4) return declared == kInt2;
  if (type == kNumeric) return is_whole_number(declared);
  return (type == kText && declared == kVarchar) || (type == kVarchar && declared == kText);
}

}  // namespace

bool may_be_key(const Column& column, const parser::KeyValue& key) {
  switch (key.kind) {
    case Kind::Parameter:
      return is_exact(column) && !key.parameter_is_shared;
    case Kind::Text:
      return is_exact(column);
    case Kind::Number:
      return is_exact(column) && (is_whole_number(column.type_oid) || column.type_oid == kNumeric);
    case Kind::Other:
      return false;
  }
  return false;
}

bool literal_fits(const KeyCheck& check, std::string_view literal) {
  if (check.key.kind != Kind::Number) return true;
  if (!is_digits(literal)) return false;
  return check.type == kNumeric || is_at_most(literal, largest(check.type));
}

bool parameters_fit(const std::vector<KeyCheck>& checks,
                    const std::vector<BoundParameter>& parameters) {
  return std::all_of(checks.begin(), checks.end(), [&](const KeyCheck& check) {
    if (check.key.kind != Kind::Parameter) return true;
    if (check.key.parameter < 1) return false;
    const auto at = static_cast<std::size_t>(check.key.parameter - 1);
    return at < parameters.size() && !parameters[at].is_null &&
           is_contained(parameters[at].type, check.type);
  });
}

}  // namespace pgconcord::policies
