#include "policies/include.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "policies/policy.h"

namespace pgconcord::policies {
namespace {

namespace fs = std::filesystem;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::string reason(int error) { return std::generic_category().message(error); }

bool has_wildcard(std::string_view text) { return text.find_first_of("*?") != text.npos; }

tl::unexpected<Problem> problem(std::string message, std::string help) {
  return tl::unexpected(Problem{std::move(message), std::move(help)});
}

tl::expected<std::vector<std::string>, Problem> matching_files(const fs::path& pattern) {
  std::error_code error;
  const fs::path folder = pattern.parent_path();
  fs::directory_iterator entries(folder.empty() ? fs::path(".") : folder, error);
  if (error) {
    return problem(
        "folder " + quoted_in_message(folder.string()) + " cannot be read: " + error.message(), "");
  }
  const std::string name = pattern.filename().string();
  std::vector<std::string> files;
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string candidate = entries->path().filename().string();
    // Kubernetes keeps `..data` and other hidden entries beside mounted files.
    const bool hidden = candidate.front() == '.' && name.front() != '.';
    if (!hidden && glob_matches(name, candidate)) files.push_back((folder / candidate).string());
  }
  if (error)
    return problem("folder `" + printable(folder.string()) + "` cannot be read: " + error.message(),
                   "");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

tl::expected<std::string, std::string> read_file(const std::string& path, std::size_t size_max) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return tl::unexpected(reason(errno));
  std::string text;
  std::array<char, 16 * 1024> buffer{};
  while (text.size() <= size_max) {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    text.append(buffer.data(), count);
    if (count == buffer.size()) continue;
    if (std::ferror(file.get()) != 0) return tl::unexpected(reason(errno));
    break;
  }
  if (text.size() > size_max) text.resize(size_max + 1);
  return text;
}

std::string included_path(std::string_view pattern, const std::string& including) {
  return (fs::path(including).parent_path() / fs::path(pattern)).string();
}

tl::expected<std::vector<std::string>, Problem> included_files(std::string_view pattern,
                                                               const std::string& including) {
  if (pattern.empty()) return problem("empty file name", "write a file name or remove it");
  const fs::path path = included_path(pattern, including);
  if (has_wildcard(path.parent_path().string())) {
    return problem("`*` and `?` may only stand in the name of the file, not of a folder",
                   "list the folders one by one");
  }
  std::vector<std::string> files{path.string()};
  if (has_wildcard(path.filename().string())) {
    auto found = matching_files(path);
    if (!found) return found;
    files = *std::move(found);
    if (files.empty()) {
      return problem("no file matches " + quoted_in_message(pattern),
                     "patterns start at the folder of this file");
    }
  }
  std::error_code none;
  for (const std::string& file : files) {
    if (fs::equivalent(file, including, none)) {
      return problem(quoted_in_message(pattern) + " includes this file itself",
                     "name the other files only");
    }
  }
  return files;
}

}  // namespace pgconcord::policies
