// The command line as values: which verb, and what was said by flag or by PGCONCORD_<FLAG>.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "policies/policy.h"

namespace pgconcord::cli {

inline constexpr int kOk = 0;
inline constexpr int kProblem = 1;
inline constexpr int kUsage = 2;

enum class Format : std::uint8_t { Human, Json };

enum class Verb : std::uint8_t {
  Run,
  Check,
  Explain,
  Reload,
  Version,
  ConfigShow,
  ConfigSchema,
  Healthcheck,
  Violations,
  Policies,
  Sessions,
  Drain,
  Suggest,
  Completion,
  Doctor,
};

// What flags and environment say over the file; empty = not said.
struct Overrides {
  std::vector<std::string> listen;
  std::string upstream;
  std::string admin;
  std::string mode;
  std::optional<std::uint32_t> workers;
  std::string log_level;
  std::string log_format;
};

struct Options {
  Verb verb = Verb::Run;
  std::string config_file;  // empty = the default files
  Format format = Format::Human;
  Overrides overrides;
  std::string pid_file;
  bool take_over = false;                   // run: online restart
  std::string port_file;                    // run, hidden: for tests
  std::optional<int> pid;                   // reload, drain
  std::string token_file;                   // reload, drain: over HTTP
  bool strict = false;                      // check
  std::string connect;                      // check, explain: URL or keywords as libpq takes them
  std::string sql;                          // explain
  std::string database, user, application;  // explain: whose statement it would be
  std::string admin_url;                    // healthcheck, the live tables, changes over HTTP
  std::size_t top = 20;                     // violations, suggest: rows at most
  bool watch = false;                       // run: its files; live tables: again and again
  std::vector<std::string> planned;         // doctor: unique constraints to come
  std::uint32_t timeout = 30;               // doctor: seconds for one question
  std::string from_log;                     // suggest: a log of PostgreSQL's; - = standard input
  std::string log_line_prefix;              // suggest: of that log
  std::string completion_script;            // completion: the answer
};

// An Exit was already explained on stdout or stderr.
struct Exit {
  int code = kOk;
};
[[nodiscard]] tl::expected<Options, Exit> parse_options(int argc, const char* const* argv);

}  // namespace pgconcord::cli
