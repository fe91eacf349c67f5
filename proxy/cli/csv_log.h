// log_destination = csvlog: comma-separated records, whose quoted fields may span lines.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/cli/log_entry.h"

namespace pgconcord::cli {

class CsvLogReader : public LogReader {
 public:
  explicit CsvLogReader(TakeEntry take) : take_(std::move(take)) {}
  void take(std::string_view line) override;

  static bool recognizes(std::string_view first_line);

 private:
  void add(char c);
  void finish();

  TakeEntry take_;
  std::vector<std::string> fields_ = {""};
  bool quoted_ = false;
};

}  // namespace pgconcord::cli
