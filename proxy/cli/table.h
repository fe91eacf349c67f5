// A table of text for a terminal: columns as wide as their widest cell.
#pragma once

#include <string>
#include <vector>

namespace pgconcord::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> titles) { rows_.push_back(std::move(titles)); }
  // As many cells as there are titles. Control characters become `?`: names come from the wire.
  void add(std::vector<std::string> cells);
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace pgconcord::cli
