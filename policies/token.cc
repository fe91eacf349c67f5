#include "policies/token.h"

#include <algorithm>

namespace pgconcord::policies {
namespace {

// What nobody guesses over HTTP, in any alphabet.
constexpr std::size_t kTokenMin = 16;
constexpr std::string_view kWhiteSpace = " \t\r\n";

// As an Authorization header can carry it (RFC 6750, b64token, and whatever else is visible).
bool is_visible(char c) { return c > ' ' && c < '\x7F'; }

}  // namespace

tl::expected<std::string, Problem> parse_token(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kWhiteSpace), text.size());
  const std::size_t end = text.find_last_not_of(kWhiteSpace) + 1;
  const std::string token(text.substr(begin, std::max(begin, end) - begin));
  if (token.empty()) {
    return tl::unexpected(Problem{"it is empty", "write a token, as `openssl rand -hex 32` does"});
  }
  if (!std::all_of(token.begin(), token.end(), is_visible)) {
    return tl::unexpected(Problem{"it holds more than one word of visible ASCII characters",
                                  "write one token, as `openssl rand -hex 32` does"});
  }
  if (token.size() < kTokenMin) {
    return tl::unexpected(
        Problem{"its token has less than " + std::to_string(kTokenMin) + " characters",
                "write a longer one, as `openssl rand -hex 32` does"});
  }
  return token;
}

bool is_token(std::string_view shown, std::string_view token) {
  if (token.empty()) return false;
  // volatile: the compiler must not find a way to leave the loop early.
  volatile unsigned difference = shown.size() == token.size() ? 0 : 1;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto one = static_cast<unsigned char>(shown[i]);
    const auto other = static_cast<unsigned char>(token[i % token.size()]);
    difference = difference | static_cast<unsigned>(one ^ other);
  }
  return difference == 0;
}

}  // namespace pgconcord::policies
