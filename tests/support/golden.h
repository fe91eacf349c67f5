// Golden files: cases as text, so that a new case needs no new code and a changed law shows as a
// diff.
//   === Name of the case, a sentence
//   the input
//   ----
//   the expected output
// Text above the first case is the file's comment. Blank lines at the end of an output do not
// count. With PGCONCORD_UPDATE_GOLDEN=1 in the environment the expected outputs are written instead
// of compared.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace pgconcord::test_support {

struct GoldenCase {
  std::string name;
  std::string input;     // with its last newline
  std::string expected;  // every line ends with a newline
  std::uint32_t line = 0;
};

struct GoldenFile {
  std::string path;
  std::string comment;
  std::vector<GoldenCase> cases;
};

[[nodiscard]] tl::expected<GoldenFile, std::string> read_golden(const std::string& path);
std::string to_text(const GoldenFile& file);

// `relative` below the root of the source tree.
std::string source_path(std::string_view relative);
// The *.test files of a folder given relative to the source tree, in name order. A missing folder
// has none.
std::vector<std::string> golden_files(std::string_view relative_folder);

// True when PGCONCORD_UPDATE_GOLDEN=1.
bool updating_golden();

// One GoogleTest expectation per case: `run(case)` equals its expected output. A file without cases
// fails.
void expect_golden(const std::string& path,
                   const std::function<std::string(const GoldenCase&)>& run);
// A whole file is the expected output: generated documents, expositions.
void expect_golden_file(const std::string& path, const std::string& actual);

}  // namespace pgconcord::test_support
