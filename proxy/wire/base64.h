// Base64 as SASL messages and verifiers write it (RFC 4648 section 4): one spelling per value, no
// line ends.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgconcord::wire {

std::string base64(std::string_view bytes);
// Nothing unless `text` is what base64() makes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace pgconcord::wire
