#include "parser/statement_text.h"

#include <gtest/gtest.h>

namespace pgconcord::parser {
namespace {

struct Case {
  const char* sql;
  const char* text;
};

TEST(TextWithoutValues, HidesEveryLiteral) {
  const Case cases[] = {
      {"INSERT INTO users (email, age) VALUES ('a@b.c', 41)",
       "INSERT INTO users (email, age) VALUES (?, ?)"},
      {"INSERT INTO t VALUES (E'se\\'cret', $$secret$$, $x$secret$x$, U&'secret', B'101', X'AB')",
       "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)"},
      {"INSERT INTO t VALUES (-1.5e10, NULL, true, $1)",
       "INSERT INTO t VALUES (-?, NULL, true, $1)"},
      {"INSERT INTO t VALUES (N'secret')", "INSERT INTO t VALUES (?)"},
      {"UPDATE \"Users\" SET note = 'secret' WHERE id=7",
       "UPDATE \"Users\" SET note = ? WHERE id=?"},
      {"INSERT /* secret */ INTO t -- secret\n VALUES (1)", "INSERT INTO t VALUES (?)"},
  };
  for (const Case& c : cases) EXPECT_EQ(text_without_values(c.sql, 600), c.text) << c.sql;
}

TEST(TextWithoutValues, ShowsTheShapeOfManyRowsOnce) {
  EXPECT_EQ(text_without_values("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')", 600),
            "INSERT INTO t VALUES (?, ?)");
}

TEST(TextWithoutValues, ShowsNothingOfWhatItCannotReadForCertain) {
  EXPECT_EQ(text_without_values("INSERT INTO t VALUES ('secret", 600), "");
  EXPECT_EQ(text_without_values("INSERT INTO t VALUES ($a$secret", 600), "");
}

TEST(TextWithoutValues, IsCut) {
  EXPECT_EQ(text_without_values("SELECT aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 10), "SELECT aaa...");
}

TEST(CommentedApplication, ReadsSqlcommentersTag) {
  EXPECT_EQ(commented_application("INSERT INTO t VALUES (1) /*application='shop'*/"), "shop");
  EXPECT_EQ(commented_application("/*action='x',application='my%20shop'*/ INSERT INTO t"),
            "my shop");
  EXPECT_EQ(commented_application("INSERT INTO t /*route='a', application='s\\'s'*/;"), "s's");
}

TEST(CommentedApplication, IsEmptyWithoutOne) {
  EXPECT_EQ(commented_application("INSERT INTO t VALUES ('application=''x''')"), "");
  EXPECT_EQ(commented_application("INSERT INTO t /*web_application='x'*/"), "");
  EXPECT_EQ(commented_application("INSERT INTO t /*application='x*/"), "");
  EXPECT_EQ(commented_application("/*"), "");
  EXPECT_EQ(commented_application("*/"), "");
  EXPECT_EQ(commented_application(""), "");
}

}  // namespace
}  // namespace pgconcord::parser
