// The four texts of a SCRAM-SHA-256 exchange (RFC 5802 section 7, RFC 7677) as PostgreSQL reads
// them: strictly in order, `m=` refused, unknown attributes only at the end. Views point into the
// text handed in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace pgconcord::wire {

inline constexpr std::string_view kScram = "SCRAM-SHA-256";
inline constexpr std::string_view kScramPlus = "SCRAM-SHA-256-PLUS";
inline constexpr std::string_view kEndPoint = "tls-server-end-point";

// What PostgreSQL would answer.
struct ScramError {
  std::string_view sqlstate, message;
  std::string detail;
};
template <class T>
using ScramResult = tl::expected<T, ScramError>;

ScramError malformed(std::string detail);

enum class BindingFlag : char { None = 'n', NotOffered = 'y', Used = 'p' };

struct ClientFirst {
  BindingFlag flag = BindingFlag::None;
  std::string_view binding_type;  // Used
  std::string_view header;        // GS2 header: up to and with the second comma
  std::string_view bare;          // the rest
  std::string_view nonce;
};
[[nodiscard]] ScramResult<ClientFirst> client_first(std::string_view text);

struct ServerFirst {
  std::string_view nonce;  // of both
  std::string salt;        // decoded
  std::uint32_t iterations = 0;
};
[[nodiscard]] ScramResult<ServerFirst> server_first(std::string_view text);

struct ClientFinal {
  std::string_view binding;  // base64, as sent
  std::string_view nonce;
  std::string proof;               // decoded, 32 bytes
  std::string_view without_proof;  // what the proof signs
};
[[nodiscard]] ScramResult<ClientFinal> client_final(std::string_view text);

// The server's signature, 32 bytes; an error also for `e=`.
[[nodiscard]] ScramResult<std::string> server_final(std::string_view text);

}  // namespace pgconcord::wire
