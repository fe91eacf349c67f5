// Private to policies: collects the errors of one file, in the order of the file and bounded in
// number.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "policies/source_text.h"

namespace pgconcord::policies {

class Findings {
 public:
  // `source` must outlive this object.
  explicit Findings(const SourceText& source) : source_(source) {}
  const std::string& file() const { return source_.file(); }
  void add(Position at, std::string path, Problem problem);
  // Something below this setting was reported, so that what hangs on its value is not checked.
  void mark(std::string path) { reported_.insert(std::move(path)); }
  // Further errors are only counted: their help need not be worked out.
  bool is_full() const;
  // An error was added for this very setting, or it is marked.
  bool has(std::string_view path) const { return reported_.find(path) != reported_.end(); }
  // Sorted by place.
  ConfigErrors take();

 private:
  const SourceText& source_;
  ConfigErrors errors_;
  std::set<std::string, std::less<>> reported_;  // paths
  std::size_t left_out_ = 0;
};

}  // namespace pgconcord::policies
