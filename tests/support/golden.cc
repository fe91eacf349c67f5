// Reading is strict: a file that is not in the form of golden.h fails its test instead of losing
// cases.
#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace pgconcord::test_support {
namespace {

constexpr std::string_view kCaseMark = "=== ";
constexpr std::string_view kOutputMark = "----";

enum class Part : std::uint8_t { Comment, Input, Output };

tl::expected<std::string, std::string> content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return tl::unexpected("cannot read " + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  EXPECT_TRUE(out.flush().good()) << "cannot write " << path;
}

std::string without_blank_end(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (!text.empty()) text += '\n';
  return text;
}

std::string case_without_output(const GoldenCase& last) {
  return "line " + std::to_string(last.line) + ": case without `----`: " + last.name;
}

}  // namespace

tl::expected<GoldenFile, std::string> read_golden(const std::string& path) {
  const auto text = content_of(path);
  if (!text) return tl::unexpected(text.error());
  GoldenFile file{path, "", {}};
  Part part = Part::Comment;
  std::istringstream lines(*text);
  std::string line;
  for (std::uint32_t number = 1; std::getline(lines, line); ++number) {
    if (line.compare(0, kCaseMark.size(), kCaseMark) == 0) {
      if (part == Part::Input) return tl::unexpected(case_without_output(file.cases.back()));
      file.cases.push_back({line.substr(kCaseMark.size()), "", "", number});
      part = Part::Input;
    } else if (part == Part::Input && line == kOutputMark) {
      part = Part::Output;
    } else if (part == Part::Comment) {
      file.comment += line + '\n';
    } else if (part == Part::Input) {
      file.cases.back().input += line + '\n';
    } else {
      file.cases.back().expected += line + '\n';
    }
  }
  if (part == Part::Input) return tl::unexpected(case_without_output(file.cases.back()));
  for (GoldenCase& each : file.cases) each.expected = without_blank_end(std::move(each.expected));
  return file;
}

std::string to_text(const GoldenFile& file) {
  std::string text = file.comment;
  for (const GoldenCase& each : file.cases) {
    if (&each != &file.cases.front()) text += '\n';
    text += std::string(kCaseMark) + each.name + '\n' + each.input;
    text += std::string(kOutputMark) + '\n' + each.expected;
  }
  return text;
}

std::string source_path(std::string_view relative) {
  return std::string(PGCONCORD_SOURCE_DIR "/").append(relative);
}

std::vector<std::string> golden_files(std::string_view relative_folder) {
  std::vector<std::string> paths;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::directory_iterator(source_path(relative_folder), none)) {
    if (entry.path().extension() == ".test") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool updating_golden() {
  const char* value = std::getenv("PGCONCORD_UPDATE_GOLDEN");
  return value != nullptr && std::string_view(value) == "1";
}

void expect_golden(const std::string& path,
                   const std::function<std::string(const GoldenCase&)>& run) {
  auto file = read_golden(path);
  ASSERT_TRUE(file.has_value()) << path << ": " << file.error();
  ASSERT_FALSE(file->cases.empty()) << path << " holds no case";
  for (GoldenCase& each : file->cases) {
    const std::string actual = without_blank_end(run(each));
    if (!updating_golden()) {
      EXPECT_EQ(each.expected, actual) << path << ':' << each.line << ": " << each.name;
    }
    each.expected = actual;
  }
  if (updating_golden()) write(path, to_text(*file));
}

void expect_golden_file(const std::string& path, const std::string& actual) {
  if (updating_golden()) return write(path, actual);
  const auto expected = content_of(path);
  ASSERT_TRUE(expected.has_value()) << expected.error();
  EXPECT_EQ(*expected, actual) << path << " is not current: run with PGCONCORD_UPDATE_GOLDEN=1";
}

}  // namespace pgconcord::test_support
