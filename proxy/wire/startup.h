// The untyped packets a client may begin with (protocol.md section 1; manual "Message Formats":
// StartupMessage, SSLRequest, GSSENCRequest, CancelRequest).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgconcord::wire {

inline constexpr std::uint32_t kCancelRequestCode = 80877102;
inline constexpr std::uint32_t kSslRequestCode = 80877103;
inline constexpr std::uint32_t kGssEncRequestCode = 80877104;

// The newest protocol whose messages are understood here: 3.2 (PostgreSQL 18).
inline constexpr std::uint32_t kNewestVersion = 3U << 16 | 2U;
// Names of start-up parameters that ask for a protocol extension.
inline constexpr std::string_view kExtensionPrefix = "_pq_.";

enum class StartupKind : std::uint8_t { Startup, SslRequest, GssEncRequest, CancelRequest };

struct StartupPacket {
  StartupKind kind = StartupKind::Startup;
  std::uint32_t version = 0;  // major << 16 | minor; only Startup
  // Parameters in the order sent; only Startup. A later one of the same name wins (1.11).
  std::vector<std::pair<std::string, std::string>> parameters;

  // The last value given for `name`; empty when there is none.
  std::string_view parameter(std::string_view name) const;
};

// Why a packet is not one, which decides what the client hears: nothing, as from the server (1.9).
enum class StartupStatus : std::uint8_t { NeedMore, Complete, Invalid };

// Looks at the packet at the start of `bytes`; `size` becomes its length. `Invalid` also for a
// first byte 0x16 (1.1).
StartupStatus read_startup_packet(std::string_view bytes, StartupPacket& packet, std::size_t& size);

// The StartupMessage `packet` with another version.
std::string with_version(std::string_view packet, std::uint32_t version);

// PostgreSQL's parse_bool over prefixes plus `database`: does `replication` ask for a walsender
// (1.17)?
bool asks_for_replication(std::string_view value);

// At most the first 63 bytes count in names (1.12, 4.8).
std::string_view significant(std::string_view name);

}  // namespace pgconcord::wire
