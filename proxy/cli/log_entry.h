// One message of a PostgreSQL log, whatever the format it was written in.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace pgconcord::cli {

struct LogEntry {
  std::string sqlstate;  // empty = the log does not tell
  std::string message, detail, context, statement;
  std::string database, application;
  std::string session;              // process or session id; empty = the log does not tell
  std::chrono::milliseconds at{0};  // since 1970; 0 = the log does not tell
  bool is_english = true;           // by its severity, as far as that tells
};

// Errors only; the entry is gone after the call.
using TakeEntry = std::function<void(const LogEntry&)>;

// What one field of an entry may hold: whatever a line contains, memory stays bounded.
inline constexpr std::size_t kLogFieldMax = 64UL * 1024;

// `YYYY-MM-DD HH:MM:SS[.mmm]` at the start of the text; 0 = there is none. Zones are left out: only
// differences count.
std::chrono::milliseconds log_time(std::string_view text);

// Readers take line by line; end() hands out what is still open.
class LogReader {
 public:
  virtual ~LogReader() = default;
  virtual void take(std::string_view line) = 0;
  virtual void end() {}
};

}  // namespace pgconcord::cli
