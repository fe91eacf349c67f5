// log_destination = stderr: one line per field, each behind log_line_prefix; continued lines begin
// with a tab.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/cli/log_entry.h"

namespace pgconcord::cli {

class StderrLogReader : public LogReader {
 public:
  // `prefix`: the server's log_line_prefix; empty = guess.
  StderrLogReader(TakeEntry take, std::string prefix)
      : take_(std::move(take)), setting_(std::move(prefix)) {}
  void take(std::string_view line) override;
  void end() override;

 private:
  void begin(std::string_view prefix, std::string_view message, bool is_english);
  static void append(std::string& field, std::string_view text);

  TakeEntry take_;
  std::string setting_;
  LogEntry entry_;
  bool open_ = false;             // entry_ is an error whose fields are still coming
  std::string* field_ = nullptr;  // that a line which begins with a tab continues
};

}  // namespace pgconcord::cli
