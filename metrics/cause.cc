#include "metrics/cause.h"

#include <utility>

namespace pgconcord::metrics {
namespace {

constexpr std::size_t kClashes = 8'192;
constexpr std::size_t kBursts = 1'024;

std::uint64_t mixed(std::uint64_t left, std::uint64_t right) {
  std::uint64_t mix = (left ^ (right * 0x9E3779B97F4A7C15U)) * 0xBF58476D1CE4E5B9U;
  mix ^= mix >> 31;
  return mix == 0 ? 1 : mix;
}

// Of two looks at one key by others: which one explains the clash?
Cause by_earlier(std::uint32_t session, std::chrono::milliseconds at, const Evidence& evidence) {
  if (session == 0) return Cause::Unknown;
  const bool is_recent = evidence.now - at <= kRaceWindow;
  return session != evidence.session && is_recent ? Cause::Race : Cause::RepeatedWrite;
}

}  // namespace

CauseClassifier::CauseClassifier() : clashes_(kClashes), bursts_(kBursts) {}

Cause CauseClassifier::judge(std::uint64_t constraint, const Evidence& evidence) {
  const Clash before = exchange_clash(constraint, evidence);
  const bool import = is_import(constraint, evidence);
  if (evidence.key_source == KeySource::Generated) return Cause::SequenceDrift;
  if (import) return Cause::RepeatedImport;
  if (evidence.checked_first) return Cause::Race;
  const Cause by_write = by_earlier(evidence.same_write.session, evidence.same_write.at, evidence);
  const Cause by_key = by_earlier(before.session, before.at, evidence);
  if (by_write == Cause::Race || by_key == Cause::Race) return Cause::Race;
  return by_write == Cause::Unknown ? by_key : by_write;
}

bool CauseClassifier::is_import(std::uint64_t constraint, const Evidence& evidence) {
  if (evidence.statement == WriteKind::Copy || evidence.rows > 1) return true;
  if (evidence.key_hash == 0) return false;
  const std::uint64_t writer = mixed(constraint, evidence.session);
  Burst& burst = bursts_[writer % kBursts];
  if (burst.writer != writer || evidence.now - burst.began > kImportWindow) {
    burst = {writer, evidence.key_hash, evidence.now, 1};
  } else if (burst.last_key != evidence.key_hash) {
    burst.last_key = evidence.key_hash;
    ++burst.keys;
  }
  return burst.keys >= kImportKeys;
}

CauseClassifier::Clash CauseClassifier::exchange_clash(std::uint64_t constraint,
                                                       const Evidence& evidence) {
  if (evidence.key_hash == 0) return {};
  const std::uint64_t key = mixed(constraint, evidence.key_hash);
  Clash& slot = clashes_[key % kClashes];
  const Clash before = std::exchange(slot, {key, evidence.session, evidence.now});
  return before.key == key ? before : Clash{};
}

std::string_view label(Cause cause) {
  switch (cause) {
    case Cause::SequenceDrift:
      return "sequence_drift";
    case Cause::Race:
      return "race";
    case Cause::RepeatedImport:
      return "repeated_import";
    case Cause::RepeatedWrite:
      return "repeated_write";
    case Cause::Unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view label(Outcome outcome) {
  switch (outcome) {
    case Outcome::Recovered:
      return "recovered";
    case Outcome::RolledBack:
      return "rolled_back";
    case Outcome::Autocommit:
      return "autocommit";
  }
  return "autocommit";
}

}  // namespace pgconcord::metrics
