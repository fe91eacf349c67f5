#include "proxy/wire/bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace pgconcord::wire {
namespace {

using namespace std::string_literals;

TEST(ByteReader, ReadsNumbersInNetworkOrder) {
  const std::string bytes = "\xfe\x01\xff\x80\x00\x00\x01"s;
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8(), 0xFE);
  EXPECT_EQ(reader.u16(), 0x01FF);
  EXPECT_EQ(reader.u32(), 0x80000001U);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
}

TEST(ByteReader, ReadsStringsUpToTheirNul) {
  const std::string bytes = "one\0\0two"s;
  ByteReader reader(bytes);
  EXPECT_EQ(reader.string(), "one");
  EXPECT_EQ(reader.string(), "");
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.string(), "");
  EXPECT_FALSE(reader.ok()) << "the last one has no NUL";
}

TEST(ByteReader, AnErrorSticksAndGivesNothingMore) {
  const std::string bytes = "\1\2\3"s;
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.u16(), 0);
  EXPECT_EQ(reader.take(1), "");
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, TakesNothingFromNothing) {
  ByteReader reader("");
  EXPECT_EQ(reader.take(0), "");
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.take(1), "");
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, ALengthAtTheTopOfItsRangeIsNotAvailable) {
  const std::string bytes = "abc";
  ByteReader reader(bytes);
  EXPECT_EQ(reader.take(static_cast<std::size_t>(-1)), "");
  EXPECT_FALSE(reader.ok());
}

TEST(ByteWriter, FillsInTheLengthOfEachMessage) {
  ByteWriter writer;
  writer.begin('Q');
  writer.string("ab");
  writer.end();
  writer.begin('S');
  writer.end();
  EXPECT_EQ(writer.bytes(), "Q\0\0\0\7ab\0S\0\0\0\4"s);
}

TEST(ByteWriter, WritesWhatTheReaderReads) {
  ByteWriter writer;
  writer.u16(0xABCD);
  writer.u32(0x89ABCDEF);
  writer.string("text");
  writer.raw("rest");
  const std::string bytes = writer.take();
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u16(), 0xABCD);
  EXPECT_EQ(reader.u32(), 0x89ABCDEFU);
  EXPECT_EQ(reader.string(), "text");
  EXPECT_EQ(reader.rest(), "rest");
}

}  // namespace
}  // namespace pgconcord::wire
