// What the tables in the terminal share with those that read no running proxy.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace pgconcord::cli {

// The document of /api/v1/suggestions as YAML that can be read into the file: everything but
// policies is a comment.
std::string suggestions_text(const nlohmann::json& document, std::size_t most);

}  // namespace pgconcord::cli
