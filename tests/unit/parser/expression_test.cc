#include "parser/expression.h"

#include <gtest/gtest.h>

namespace pgconcord::parser {
namespace {

TEST(IsExpression, TakesOneOfAnyKind) {
  for (const char* sql :
       {"1", "EXCLUDED.a + 1", "now()", "(SELECT max(a) FROM t)", "a IS NOT NULL",
        "CASE WHEN a THEN b END", "ARRAY[1, 2]", "'$1; --'", "t.a -- why", "a AND (b OR NOT c)"}) {
    EXPECT_TRUE(is_expression(sql)) << sql;
  }
}

TEST(IsExpression, RefusesMoreAndLess) {
  for (const char* sql :
       {"", " ", "1, 2", "1) FROM (SELECT 2", "1; SELECT 2", "$1", "a + $2", "SELECT 1", "a b",
        "1)", "(1", "'", "/* a", "DEFAULT", "t.a = ", "1 WHERE true"}) {
    EXPECT_FALSE(is_expression(sql)) << sql;
  }
}

}  // namespace
}  // namespace pgconcord::parser
