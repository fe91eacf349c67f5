// Configuration text -> Config, or every error in it. The one schema table here also yields `config
// schema` and the docs. yaml-cpp accepts duplicate keys, extra documents and bad numbers silently;
// this layer does not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "policies/config.h"

namespace pgconcord::policies {

struct ConfigError {
  std::string file;
  std::uint32_t line = 0;    // 1-based; 0 = the whole file
  std::uint32_t column = 0;  // 1-based
  std::string path;          // `policies[2].constrant`
  std::string message;       // what is wrong
  std::string help;          // what to do: did-you-mean, the allowed values; may be empty
  std::string source_line;   // the text of the line; empty when it is longer than 4 KiB
};

using ConfigErrors = std::vector<ConfigError>;

// `file:line:col: error: message`, the source line, a caret, `help: ...`.
std::string render(const ConfigErrors& errors);

// Reads nothing: `include` patterns are resolved by load_file(). Never throws.
[[nodiscard]] tl::expected<Config, ConfigErrors> load_text(std::string_view yaml,
                                                           std::string_view file);

// Reads the file and what it includes (relative to its folder, in name order).
[[nodiscard]] tl::expected<Config, ConfigErrors> load_file(const std::string& path);

// What an empty file means: the defaults, listening and upstream as INTERFACE.md says.
Config default_config();

// `host:port`, `[::1]:port`, `unix:/dir/.s.PGSQL.5432`.
[[nodiscard]] tl::expected<Address, std::string> parse_address(std::string_view text);

// JSON Schema (draft 2020-12) of the file, from the same table.
std::string json_schema();

}  // namespace pgconcord::policies
