#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace pgconcord::test_support {
namespace {

class GoldenFileReader : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  tl::expected<GoldenFile, std::string> read(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return read_golden(path_);
  }
  std::string path_ = testing::TempDir() + "golden_reader_" +
                      testing::UnitTest::GetInstance()->current_test_info()->name() + ".test";
};

TEST_F(GoldenFileReader, KeepsBlankLinesInsideInputAndOutput) {
  const auto file = read("# why\n\n=== First\na\n\nb\n----\nx\n\ny\n\n=== Second\n----\n=x\n");
  ASSERT_TRUE(file.has_value()) << file.error();
  EXPECT_EQ(file->comment, "# why\n\n");
  ASSERT_EQ(file->cases.size(), 2U);
  EXPECT_EQ(file->cases[0].name, "First");
  EXPECT_EQ(file->cases[0].input, "a\n\nb\n");
  EXPECT_EQ(file->cases[0].expected, "x\n\ny\n");
  EXPECT_EQ(file->cases[1].input, "");
  EXPECT_EQ(file->cases[1].expected, "=x\n");
  EXPECT_EQ(file->cases[1].line, 12U);
}

TEST_F(GoldenFileReader, WritesBackWhatItRead) {
  const std::string text = "# why\n=== First\na\n----\nx\n\n=== Second\nb\n----\n";
  const auto file = read(text);
  ASSERT_TRUE(file.has_value()) << file.error();
  EXPECT_EQ(to_text(*file), text);
}

TEST_F(GoldenFileReader, RefusesACaseWithoutAnOutputMark) {
  const auto file = read("=== First\na\n=== Second\nb\n----\n");
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error(), "line 1: case without `----`: First");
}

TEST_F(GoldenFileReader, RefusesAMissingFile) {
  EXPECT_FALSE(read_golden(path_ + ".missing").has_value());
}

}  // namespace
}  // namespace pgconcord::test_support
