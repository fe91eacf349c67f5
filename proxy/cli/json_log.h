// log_destination = jsonlog (PostgreSQL 15 and later): one object per line.
#pragma once

#include <string_view>
#include <utility>

#include "proxy/cli/log_entry.h"

namespace pgconcord::cli {

class JsonLogReader : public LogReader {
 public:
  explicit JsonLogReader(TakeEntry take) : take_(std::move(take)) {}
  void take(std::string_view line) override;

  static bool recognizes(std::string_view first_line) { return first_line.starts_with("{\""); }

 private:
  TakeEntry take_;
};

}  // namespace pgconcord::cli
