// Completion scripts for shells, made from the verbs and flags that the command line has.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace pgconcord::cli {

// `shell` is bash, zsh or fish.
std::string completion_script(const CLI::App& app, std::string_view shell);

}  // namespace pgconcord::cli
