// Every bound of the proxy that is not a setting, with its source. Settings are in
// policies/config.h (Limits).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pgconcord {

// protocol.md 1.9: a startup packet's body is 4 to 10000 bytes.
inline constexpr std::uint32_t kStartupBodyMax = 10'000;
// protocol.md 4.16: small client messages, and the server's PQ_LARGE_MESSAGE_LIMIT for Q P B F d.
inline constexpr std::uint32_t kSmallMessageMax = 10'000;
inline constexpr std::uint32_t kLargeMessageMax = (1U << 30) - 2;
// protocol.md 1.22: a PROXY header, version 2, with its TLVs; version 1 has at most 107 bytes.
inline constexpr std::size_t kProxyHeaderMax = 16 + 2048;
inline constexpr std::size_t kProxyLineMax = 107;
// protocol.md 2.13: any message before AuthenticationOk.
inline constexpr std::uint32_t kAuthMessageMax = 64 * 1024;
// PostgreSQL's PG_MAX_SASL_MESSAGE_LENGTH (protocol.md 2.14).
inline constexpr std::uint32_t kSaslMessageMax = 1024;
// protocol.md 4.20: errors and notices are read up to here, the rest streams through.
inline constexpr std::size_t kErrorInspectMax = 64 * 1024;
// A Bind longer than this is not read beyond its two names and never kept for a replay.
inline constexpr std::size_t kReplayMax = 1024 * 1024;
// Texts of writes are kept up to here, and Binds hashed, to explain violations.
inline constexpr std::size_t kExplainedTextMax = 4 * 1024;
// Of one transaction, ours and the client's: from the 65th that wrote on, every snapshot of the
// server pays for them (protocol.md 5.12).
inline constexpr std::uint32_t kSavepointsMax = 50;
// A look-up longer than this is not remembered as what an INSERT behind it rests on.
inline constexpr std::size_t kGuardTextMax = 8 * 1024;
// Messages of one execution that are held until it is known whether it stands alone.
inline constexpr std::size_t kGroupMax = 16;
// Notices of a statement that are remembered in case it runs again, and the bytes of one.
inline constexpr std::size_t kNoticesMax = 16;
inline constexpr std::size_t kNoticeBytesMax = 8 * 1024;
// protocol.md 4.8: names are significant in their first 63 bytes (NAMEDATALEN - 1).
inline constexpr std::size_t kNameMax = 63;
// One read buffer per worker.
inline constexpr std::size_t kReadBuffer = 64 * 1024;
// Stack of a worker thread: the parser runs on it (rewrite.md G3).
inline constexpr std::size_t kWorkerStack = 64UL * 1024 * 1024;
// Expected replies a session may be waiting for before it stops reading the client
// (protocol.md 4.22).
inline constexpr std::size_t kRepliesMax = 100'000;
// The catalog's answer to a look-up; a longer one counts as none.
inline constexpr std::uint32_t kLookUpAnswerMax = 16U * 1024 * 1024;
// A client that says nothing is not waited for any longer once the proxy drains.
inline constexpr std::chrono::milliseconds kTurnedAwayMax{2000};
// A session's own look-up may hold the client this long (protocol.md 3.7).
inline constexpr std::chrono::milliseconds kLookUpBudget{2000};

// A statement of the console, prepared statements or portals of one of its sessions, and statements
// of all of them that wait for an answer.
inline constexpr std::uint32_t kConsoleTextMax = 64 * 1024;
inline constexpr std::size_t kConsoleNamesMax = 100;
inline constexpr std::size_t kConsoleQuestionsMax = 100;

// TLS handshakes with clients under way on one worker, and the time for each (protocol.md 8.7).
inline constexpr std::size_t kTlsHandshakesMax = 200;
inline constexpr std::chrono::milliseconds kTlsHandshakeDeadline{10'000};
// Ciphertext that answers a peer's own records (key updates) and that it does not read.
inline constexpr std::size_t kTlsAnswersMax = 1024 * 1024;

}  // namespace pgconcord
