// A statement that somebody wants explained, in whichever form it is posted: JSON, plain text, or
// the status page's form.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "proxy/admin/explained.h"

namespace pgconcord::admin {

struct StatementAsked {
  ExplainRequest request;
  bool from_form = false;
};

// The error is a sentence that says what is expected.
[[nodiscard]] tl::expected<StatementAsked, std::string> read_statement(
    std::string_view content_type, std::string_view body);

}  // namespace pgconcord::admin
