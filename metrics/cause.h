// Why a row was a duplicate, told from what passed through here. The rules, in this order:
//
//   sequence_drift   the statement left the key to a sequence. Wrong where a default that is no
//                    sequence yields the same value again.
//   repeated_import  COPY, several VALUES rows, or at least kImportKeys different keys of one
//                    constraint from one session within kImportWindow. Wrong where a bulk write
//                    lost a race.
//   race             the application had just looked and found nothing; or another session wrote or
//                    clashed on the same key within kRaceWindow. Wrong where the look was for
//                    something else.
//   repeated_write   the same statement, or a clash on the same key, earlier than that or in the
//                    same session. Wrong for two different writes of one key, minutes apart.
//   unknown          none of these; always for foreign keys, checks and not-null.
//
// Knows only what passed through this process: a race with a writer elsewhere is `unknown` unless
// the application looked first.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "metrics/evidence.h"

namespace pgconcord::metrics {

inline constexpr std::chrono::milliseconds kRaceWindow{2'000};
inline constexpr std::chrono::milliseconds kImportWindow{10'000};
inline constexpr std::size_t kImportKeys = 4;

// Keeps the last clashes in tables of a fixed size; what is pushed out is forgotten. One thread at
// a time.
class CauseClassifier {
 public:
  CauseClassifier();

  // `constraint` identifies the violated constraint within the process. Remembers the clash.
  // For violations that are no duplicates (kind other than unique and exclusion) do not call it:
  // they are `unknown`.
  Cause judge(std::uint64_t constraint, const Evidence& evidence);

 private:
  struct Clash {
    std::uint64_t key = 0;  // constraint and key hash; 0 = empty
    std::uint32_t session = 0;
    std::chrono::milliseconds at{0};
  };
  struct Burst {
    std::uint64_t writer = 0;  // constraint and session; 0 = empty
    std::uint64_t last_key = 0;
    std::chrono::milliseconds began{0};
    std::size_t keys = 0;
  };

  bool is_import(std::uint64_t constraint, const Evidence& evidence);
  Clash exchange_clash(std::uint64_t constraint, const Evidence& evidence);

  std::vector<Clash> clashes_;
  std::vector<Burst> bursts_;
};

}  // namespace pgconcord::metrics
