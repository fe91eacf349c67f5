#include "proxy/console/encoding.h"

#include <gtest/gtest.h>

#include <limits>

namespace pgconcord::console {
namespace {

using namespace std::string_literals;
using std::chrono::microseconds;

Time at(std::int64_t since_1970) { return Time(microseconds(since_1970)); }

// The value's bytes in a DataRow of one column.
std::string binary(Type type, const Value& value) {
  return data_row({value}, {{"c", type}}, {Format::Binary}).substr(1 + 4 + 2 + 4);
}

TEST(Encoding, TextIsPostgresOwn) {
  EXPECT_EQ(as_text(true), "t");
  EXPECT_EQ(as_text(std::int64_t{-7}), "-7");
  EXPECT_EQ(as_text(0.1), "0.1");
  EXPECT_EQ(as_text(std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(as_text(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(as_text(at(0)), "1970-01-01 00:00:00+00");
  EXPECT_EQ(as_text(at(1'700'000'000'120'000)), "2023-11-14 22:13:20.12+00");
  EXPECT_EQ(as_text(at(-1)), "1969-12-31 23:59:59.999999+00");
}

TEST(Encoding, BinaryIsPostgresOwn) {
  EXPECT_EQ(binary(Type::Bool, true), "\x01");
  EXPECT_EQ(binary(Type::Int4, std::int64_t{-2}), "\xFF\xFF\xFF\xFE");
  EXPECT_EQ(binary(Type::Int8, std::int64_t{258}), "\0\0\0\0\0\0\x01\x02"s);
  EXPECT_EQ(binary(Type::Float8, 1.0), "\x3F\xF0\0\0\0\0\0\0"s);
  EXPECT_EQ(binary(Type::Text, "añb"s), "añb");
  EXPECT_EQ(binary(Type::TimestampTz, at(946'684'800'000'001)), "\0\0\0\0\0\0\0\x01"s);
  EXPECT_EQ(binary(Type::TimestampTz, at(946'684'799'999'999)), "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
}

TEST(Encoding, ARowHasItsNullsAndOneFormatForAllOrEach) {
  const Columns columns = {{"a", Type::Int4}, {"b", Type::Int4}, {"c"}};
  const Row row = {std::int64_t{1}, std::int64_t{1}, Value()};
  EXPECT_EQ(data_row(row, columns, {}),
            "D\0\0\0\x14\0\x03\0\0\0\x01"
            "1\0\0\0\x01"
            "1\xFF\xFF\xFF\xFF"s);
  EXPECT_EQ(data_row(row, columns, {Format::Binary}),
            "D\0\0\0\x1A\0\x03\0\0\0\x04\0\0\0\x01\0\0\0\x04\0\0\0\x01\xFF\xFF\xFF\xFF"s);
  EXPECT_EQ(data_row(row, columns, {Format::Text, Format::Binary, Format::Text}),
            "D\0\0\0\x17\0\x03\0\0\0\x01"
            "1\0\0\0\x04\0\0\0\x01\xFF\xFF\xFF\xFF"s);
}

TEST(Encoding, ADescriptionNamesTypesAndSizes) {
  EXPECT_EQ(row_description({{"n", Type::Int8}}, {Format::Binary}),
            "T\0\0\0\x1A\0\x01n\0\0\0\0\0\0\0\0\0\0\x14\0\x08\xFF\xFF\xFF\xFF\0\x01"s);
  EXPECT_EQ(row_description({{"t"}}, {}),
            "T\0\0\0\x1A\0\x01t\0\0\0\0\0\0\0\0\0\0\x19\xFF\xFF\xFF\xFF\xFF\xFF\0\0"s);
}

}  // namespace
}  // namespace pgconcord::console
