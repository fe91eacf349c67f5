// What a session saw around one violation, and what that says of its cause. Values of rows are
// never kept: a key is known by a hash with a secret of the process (protocol.md 8.3).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "metrics/violation.h"

namespace pgconcord::metrics {

// Did the statement say what the violated key is?
enum class KeySource : std::uint8_t {
  Unknown,
  Supplied,   // the statement names every column of the key
  Generated,  // it leaves out the key's column, or says DEFAULT: a sequence made the value
};

// An earlier statement with the same text and the same parameters; session 0 = none.
struct SameWrite {
  std::uint32_t session = 0;
  std::chrono::milliseconds at{0};  // Environment::now
};

struct Evidence {
  std::uint32_t session = 0;         // never 0
  std::chrono::milliseconds now{0};  // a monotonic clock
  WriteKind statement = WriteKind::Other;
  std::size_t rows = 0;  // of its VALUES list; 0 = not known
  KeySource key_source = KeySource::Unknown;
  std::uint64_t key_hash = 0;  // of the clashing key; 0 = the server did not tell it
  // The session's statement before it was a SELECT that found nothing: check, then insert.
  bool checked_first = false;
  SameWrite same_write;
};

enum class Cause : std::uint8_t { SequenceDrift, Race, RepeatedImport, RepeatedWrite, Unknown };
inline constexpr std::size_t kCauseCount = 5;

enum class Outcome : std::uint8_t { Recovered, RolledBack, Autocommit };
inline constexpr std::size_t kOutcomeCount = 3;

std::string_view label(Cause cause);      // sequence_drift, race, ...
std::string_view label(Outcome outcome);  // recovered, rolled_back, autocommit

}  // namespace pgconcord::metrics
