#include "parser/on_conflict.h"

#include <gtest/gtest.h>

#include <variant>

#include "parser/parse.h"

namespace pgconcord::parser {
namespace {

TEST(OnConflict, NamesColumnsAndDoesNothing) {
  EXPECT_EQ(render({.target = {.elements = "email", .predicate = "", .constraint = ""},
                    .assignments = {},
                    .where = ""}),
            "ON CONFLICT (email) DO NOTHING");
}

TEST(OnConflict, CopiesExpressionAndPredicateAsTheyStand) {
  EXPECT_EQ(render({.target = {.elements = "lower(email), tenant",
                               .predicate = "(NOT deleted)",
                               .constraint = ""},
                    .assignments = {},
                    .where = ""}),
            "ON CONFLICT (lower(email), tenant) WHERE (NOT deleted) DO NOTHING");
}

TEST(OnConflict, NamesAnExclusionConstraint) {
  EXPECT_EQ(render({.target = {.elements = "", .predicate = "", .constraint = "No Overlap"},
                    .assignments = {},
                    .where = ""}),
            "ON CONFLICT ON CONSTRAINT \"No Overlap\" DO NOTHING");
}

TEST(OnConflict, SetsColumnsUnderACondition) {
  EXPECT_EQ(render({.target = {.elements = "id", .predicate = "", .constraint = ""},
                    .assignments = {{"name", "EXCLUDED.name"}, {"order", "t.\"order\""}},
                    .where = "EXCLUDED.at > t.at"}),
            "ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, \"order\" = t.\"order\" WHERE "
            "EXCLUDED.at > t.at");
}

TEST(QuoteIdentifier, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(quote_identifier("email_2"), "email_2");
  EXPECT_EQ(quote_identifier("_x"), "_x");
  EXPECT_EQ(quote_identifier("Email"), "\"Email\"");
  EXPECT_EQ(quote_identifier("2nd"), "\"2nd\"");
  EXPECT_EQ(quote_identifier("a$b"), "\"a$b\"");
  EXPECT_EQ(quote_identifier("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(quote_identifier("\xc3\xa4"), "\"\xc3\xa4\"");
  EXPECT_EQ(quote_identifier(""), "\"\"");
}

TEST(QuoteIdentifier, QuotesReservedTypeAndColumnNameKeywordsButNoUnreservedOnes) {
  for (const char* word :
       {"select", "user", "returning", "left", "ilike", "values", "timestamp", "xmltable", "all"}) {
    const std::string quoted = "\"" + std::string(word) + "\"";
    EXPECT_EQ(quote_identifier(word), quoted);
  }
  for (const char* word :
       {"name", "key", "value", "data", "excluded", "conflict", "nothing", "zone", "without"}) {
    EXPECT_EQ(quote_identifier(word), word);
  }
}

TEST(QuoteIdentifier, NamesReadBackAsTheyWere) {
  for (const std::string name : {"select", "a\"b", "User", "ümläut", "a b", "nothing", "int",
                                 "natural", "x'y", "$1", "-- c"}) {
    const auto parsed = parse("insert into " + quote_identifier(name) + " (" +
                              quote_identifier(name) + ") values (1)");
    ASSERT_TRUE(parsed.has_value()) << name;
    const Insert& insert = std::get<Insert>(parsed->at(0));
    EXPECT_EQ(insert.table.name, name);
    EXPECT_EQ(insert.columns.at(0), name);
  }
}

}  // namespace
}  // namespace pgconcord::parser
