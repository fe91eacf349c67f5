// Server messages: only what is read or made here. Views point into the body handed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgconcord::wire {

// ErrorResponse and NoticeResponse (manual "Error and Notice Message Fields"). Any field may be
// missing (protocol.md 4.13).
struct ErrorResponse {
  std::string_view severity;                                     // V, else S
  std::string_view sqlstate;                                     // C
  std::string_view schema, table, column, datatype, constraint;  // s t c d n
  std::string_view detail;     // D: holds row values; only ever hashed (protocol.md 8.3)
  std::string_view where;      // W: present inside functions, triggers and COPY
  std::string_view routine;    // R
  std::uint32_t position = 0;  // P, in characters, 1-based; 0 = none
  bool fatal() const { return severity == "FATAL" || severity == "PANIC"; }
};
ErrorResponse error_response(std::string_view body);

struct CommandTag {
  std::string_view command;  // "INSERT", "CREATE TABLE", ...
  std::uint64_t rows = 0;    // the last number; 0 when there is none
  bool has_rows = false;
};
CommandTag command_tag(std::string_view body);

std::string make_command_complete(std::string_view tag);

struct ParameterStatus {
  std::string_view name, value;
};
std::optional<ParameterStatus> parameter_status(std::string_view body);

// The version as major << 16 | minor; the extensions that the server does not know.
struct NegotiateProtocolVersion {
  std::uint32_t version = 0;
  std::vector<std::string_view> extensions;
};
std::optional<NegotiateProtocolVersion> negotiate_protocol_version(std::string_view body);
std::string make_negotiate_protocol_version(const NegotiateProtocolVersion& negotiation);

// AuthenticationSASL (body with its code 10) without `mechanism`, as a whole message; empty when
// `body` is something else or does not name it.
std::string without_sasl_mechanism(std::string_view body, std::string_view mechanism);

// What the proxy says itself. Always FATAL: drivers mishandle an ERROR that is followed by the end
// of the stream (7.6).
struct FatalText {
  std::string_view sqlstate, message, detail, hint;
};
// `raw` with the first occurrence of `name` in double quotes replaced.
std::string with_name(std::string_view raw, std::string_view name, std::string_view replacement);
std::string make_ready(char status);
std::string make_fatal(const FatalText& text);

// The ErrorResponse `raw` (a whole message) with its field P replaced, or left out where `position`
// is 0 (4.14).
std::string with_position(std::string_view raw, std::uint32_t position);

// The same with a field H, behind the server's own where there is one.
std::string with_hint(std::string_view raw, std::string_view hint);

// The first column of a DataRow body; nothing when it is NULL or there is none.
std::optional<std::string_view> first_column(std::string_view body);

}  // namespace pgconcord::wire
