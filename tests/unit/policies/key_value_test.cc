#include "policies/key_value.h"

#include <gtest/gtest.h>

namespace pgconcord::policies {
namespace {

using Kind = parser::KeyValue::Kind;

constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr Oid kFloat8 = 701;
constexpr Oid kVarchar = 1043;
constexpr Oid kNumeric = 1700;

KeyCheck check(Oid type, Kind kind, std::int64_t parameter = 0) {
  KeyCheck made;
  made.type = type;
  made.key.kind = kind;
  made.key.parameter = parameter;
  return made;
}

TEST(LiteralFits, UpToTheLastNumberOfItsType) {
  const auto fits = [](Oid type, std::string_view text) {
    return literal_fits(check(type, Kind::Number), text);
  };
  EXPECT_TRUE(fits(kInt2, "32767"));
  EXPECT_FALSE(fits(kInt2, "32768"));
  EXPECT_TRUE(fits(kInt4, "2147483647"));
  EXPECT_FALSE(fits(kInt4, "2147483648"));
  EXPECT_TRUE(fits(kInt8, "9223372036854775807"));
  EXPECT_FALSE(fits(kInt8, "9223372036854775808"));
  EXPECT_FALSE(fits(kInt8, "99999999999999999999999999999999"));
  EXPECT_TRUE(fits(kInt4, "00000000000000000000000000007"));
  EXPECT_TRUE(fits(kNumeric, "99999999999999999999999999999999"));
}

TEST(LiteralFits, OnlyDigitsAreAWholeNumber) {
  for (const char* text : {"", "1.0", "1.", ".5", "1e3", "0x1F", "1_000"}) {
    EXPECT_FALSE(literal_fits(check(kInt8, Kind::Number), text)) << text;
  }
}

TEST(ParametersFit, OfTheColumnsTypeOrOneThatItContains) {
  const auto fits = [](Oid column, Oid declared) {
    return parameters_fit({check(column, Kind::Parameter, 1)}, {{declared, false}});
  };
  for (const Oid type : {kInt8, kInt2, kInt4, kText, kVarchar, kNumeric}) {
    EXPECT_TRUE(fits(type, type));
    EXPECT_TRUE(fits(type, 0));
    EXPECT_FALSE(fits(type, kFloat8));
  }
  EXPECT_TRUE(fits(kInt8, kInt2) && fits(kInt8, kInt4) && fits(kInt4, kInt2));
  EXPECT_FALSE(fits(kInt4, kInt8) || fits(kInt2, kInt4) || fits(kInt4, kNumeric));
  EXPECT_TRUE(fits(kNumeric, kInt8) && fits(kText, kVarchar) && fits(kVarchar, kText));
  EXPECT_FALSE(fits(kText, kInt4) || fits(kInt4, kText));
}

TEST(ParametersFit, NeitherNullNorMissing) {
  const std::vector<KeyCheck> checks{check(kInt4, Kind::Parameter, 2), check(kText, Kind::Text)};
  EXPECT_TRUE(parameters_fit(checks, {{0, true}, {0, false}}));
  EXPECT_FALSE(parameters_fit(checks, {{0, false}, {0, true}}));
  EXPECT_FALSE(parameters_fit(checks, {{0, false}}));
  EXPECT_FALSE(parameters_fit({check(kInt4, Kind::Parameter, 0)}, {{0, false}}));
}

}  // namespace
}  // namespace pgconcord::policies
