// How verbs ask a running proxy: one GET or POST, bounded in time and size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace pgconcord::admin {

inline constexpr std::uint16_t kDefaultPort = 9732;

struct Endpoint {
  std::string host;  // without brackets
  std::uint16_t port = kDefaultPort;
};

struct Reply {
  int status = 0;
  std::string body;
};

// `[http://]host[:port][/]`, an IPv6 host in brackets.
[[nodiscard]] tl::expected<Endpoint, std::string> parse_url(std::string_view url);

// `path` begins with a slash. Any status is a reply; an error is a sentence for the user.
[[nodiscard]] tl::expected<Reply, std::string> get(std::string_view url, const std::string& path);
// Without a body; `token` is that of admin.token_file, empty = none.
[[nodiscard]] tl::expected<Reply, std::string> post(std::string_view url, const std::string& path,
                                                    const std::string& token);

}  // namespace pgconcord::admin
