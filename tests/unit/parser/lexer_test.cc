#include "parser/lexer.h"

#include <gmock/gmock.h>

#include <array>
#include <random>
#include <string>

#include "tests/unit/parser/reference_scan.h"

namespace pgconcord::parser {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(std::string_view sql) {
  std::vector<std::string> result;
  Lexer lexer(sql);
  while (lexer.next() != TokenKind::End) result.emplace_back(lexer.text());
  return result;
}

bool unsure(std::string_view sql) { return lex(sql).unsure; }

// Where the lexer is sure, PostgreSQL's scanner accepts the text and sees the same tokens.
void expect_agreement(const std::string& sql) {
  const LexedText ours = lex(sql);
  if (ours.unsure) return;
  const ReferenceScan theirs = reference_scan(sql);
  if (theirs.rejects_an_escape()) return;
  ASSERT_EQ(theirs.error, "") << sql;
  EXPECT_TRUE(same_tokens(ours, theirs.tokens)) << sql;
}

TEST(Lexer, DoublesQuotesInsideStrings) {
  EXPECT_THAT(texts("'it''s' 'b'"), ElementsAre("'it''s'", "'b'"));
}

TEST(Lexer, TakesBackslashesAsEscapesOnlyInEStrings) {
  EXPECT_THAT(texts(R"('a\' E'a\'b')"), ElementsAre(R"('a\')", R"(E'a\'b')"));
}

TEST(Lexer, ContinuesAStringAcrossANewlineAndALineComment) {
  EXPECT_THAT(texts("'a' -- note\n 'b' x"), ElementsAre("'a' -- note\n 'b'", "x"));
  EXPECT_THAT(texts("'a' /* \n */ 'b'"), ElementsAre("'a'", "'b'"));
  EXPECT_THAT(texts("'a' 'b'"), ElementsAre("'a'", "'b'"));
}

// The server joins the strings, libpg_query sees two: the texts must not share a key with others.
TEST(Lexer, IsUnsureOfAContinuationAcrossAComment) {
  EXPECT_TRUE(unsure("'a' -- note\n 'b'"));
  EXPECT_FALSE(unsure("'a'\n 'b'"));
  EXPECT_FALSE(unsure("'a' -- note\n , 'b'"));
}

TEST(Lexer, KnowsNoDoubledQuoteInBitStrings) {
  EXPECT_THAT(texts("B'1''0' X'1F'"), ElementsAre("B'1'", "'0'", "X'1F'"));
}

TEST(Lexer, EndsADollarStringAtItsOwnTagOnly) {
  EXPECT_THAT(texts("$a$ $$ $b$ ' $a$ $1"), ElementsAre("$a$ $$ $b$ ' $a$", "$1"));
}

TEST(Lexer, KeepsDollarsAndHighBytesInsideWords) {
  EXPECT_THAT(texts("a$1$b \xc3\xa4x"), ElementsAre("a$1$b", "\xc3\xa4x"));
}

TEST(Lexer, ReadsNumbersLikeTheServer) {
  EXPECT_THAT(texts("1e5 .5 1. 1.5E-3 1..2"),
              ElementsAre("1e5", ".5", "1.", "1.5E-3", "1", "..", "2"));
}

TEST(Lexer, IsUnsureOfNumbersThatVersionsReadDifferently) {
  for (const char* sql : {"0x1F", "0o7", "0b1", "1_000", "1a", "1e", "1e+", "1.5x", "$1a"}) {
    EXPECT_TRUE(unsure(sql)) << sql;
  }
  EXPECT_FALSE(unsure("1 2.5 3e4 $1 a1"));
}

TEST(Lexer, IsUnsureOfWhatIsNotTerminated) {
  for (const char* sql :
       {"'a", "E'a\\'", "\"a", "/* a /* b */", "$a$ x $b$", "B'1", "U&'a", "$", "'a'\n'b"}) {
    EXPECT_TRUE(unsure(sql)) << sql;
  }
}

TEST(Lexer, IsUnsureOfBytesThatStartNoToken) {
  for (const std::string& sql :
       {std::string("a \\ b"), std::string("{"), std::string("a\vb"), std::string("a\0b", 3)}) {
    EXPECT_TRUE(unsure(sql));
  }
}

TEST(Lexer, EndsAnOperatorWhereACommentStarts) {
  EXPECT_THAT(texts("a+--x\nb */* c */d"), ElementsAre("a", "+", "b", "*", "d"));
}

TEST(Lexer, GivesATrailingSignBackUnlessTheOperatorIsSpecial) {
  EXPECT_THAT(texts("a*-1"), ElementsAre("a", "*", "-", "1"));
  EXPECT_THAT(texts("a@-1"), ElementsAre("a", "@-", "1"));
  EXPECT_THAT(texts("a<>-+1"), ElementsAre("a", "<>", "-", "+", "1"));
}

TEST(Lexer, SplitsTheNationalPrefixFromItsString) {
  Lexer lexer("N'x'");
  EXPECT_EQ(lexer.next(), TokenKind::NationalPrefix);
  EXPECT_EQ(lexer.next(), TokenKind::String);
}

TEST(Lexer, NestsBlockComments) { EXPECT_THAT(texts("a/* /* */ b */c"), ElementsAre("a", "c")); }

TEST(Lexer, AgreesWithPostgresOnHardStatements) {
  const std::array<std::string, 24> statements{
      "INSERT INTO t (a, b) VALUES (1, 'x') RETURNING id",
      "select a::int, b:=1, c=>2, d[1:2], x.y.z, $1::text",
      "select 'a'\n  'b', E'\\'' '' , U&'\\0041' uescape '!', U&\"d\\0061t\"",
      "select B'101' , x'1f', n'abc', N 'abc', e 'x', u & 'x', b \"c\"",
      "select 1..2, 1.5.2, .5e3, 1.e5, 1e5.5, 1 .5",
      "select a<-1, b>=-1, c!=-1, d||-1, e->>'x', f#>>-1, g@>+1, h ?| array['a']",
      "select /* a /* b */ c */ 1 -- end",
      "select 1 -- a\n-2 --\n",
      "select $$a;b$$, $x$ $$ $x$, $\xc3\xa4$ x $\xc3\xa4$; select 2",
      "select \"a\"\"b\", \"\"\"\" from \"T\"",
      "select a /*x*/ + /* y */ b, -/**/-1",
      "select 1;;; select 2;",
      "select '\\', 'a''b', ''''",
      "select E'\\\\', E'a''b\\'c'",
      "select 'a'\r'b', 'c'\f\n\t'd'",
      "select 'x' -- c1\n -- c2\n , 'z' --",
      "select @ -5, |/ 25, !! 3, ~1, a !~~* b, a~~b",
      "select a.*, b.\"c\", (x).y, (array[1,2])[1]",
      "update t set a=$1,b=$2 where c=$3;",
      "select \xe2\x82\xac, \xc3\xa4$1, _x, a$",
      "select a-- comment\n+1",
      "select 1*/*c*/2, 1<--\n2, 3>=/*d*/4",
      "copy t from stdin",
      "select case when a then b else c end, interval '1' day, x'ff'\n'0a'",
  };
  for (const std::string& sql : statements) {
    EXPECT_FALSE(unsure(sql)) << sql;
    expect_agreement(sql);
  }
}

TEST(Lexer, AgreesWithPostgresOnGeneratedTexts) {
  const std::vector<std::string> pieces{
      "'",  "''", "\"", "E'", "e'", "U&'", "U&\"",   "B'", "x'",       "N'", "$$",  "$a$",
      "$1", "--", "/*", "*/", "\n", " ",   "\\",     ";",  "(",        ")",  "[",   "]",
      ",",  ".",  "..", ":",  "::", ":=",  "+",      "-",  "*",        "/",  "<",   ">",
      "=",  "!",  "@",  "|",  "?",  "%",   "&",      "~",  "#",        "1",  "1.5", ".5",
      "1e", "e5", "12", "a",  "b1", "abc", "select", "_",  "$",        "\r", "\t",  "U",
      "u&", "n",  "0x", "_1", "\f", "'a'", "'b'\n",  "/",  "\xc3\xa4", "^",  "`",   "uescape"};
  std::mt19937 random(20240229);
  std::uniform_int_distribution<std::size_t> pick(0, pieces.size() - 1);
  std::uniform_int_distribution<int> length(1, 14);
  std::size_t sure = 0;
  for (int round = 0; round < 60000; ++round) {
    std::string sql;
    for (int i = length(random); i > 0; --i) sql += pieces[pick(random)];
    if (!unsure(sql)) ++sure;
    expect_agreement(sql);
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  EXPECT_GT(sure, 15000U) << "the generator no longer yields texts that test anything";
}

}  // namespace
}  // namespace pgconcord::parser
