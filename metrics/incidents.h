// Every violation that reached a client, for those who ask why: which constraint, by which
// statement and application, since when, with what cause and outcome. One for the process; sessions
// record on their threads, the admin interface reads. Only violations take its lock, never the
// statements that succeed.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/evidence.h"
#include "metrics/recent_writes.h"
#include "metrics/violation.h"

namespace pgconcord::metrics {

// A statement's shape, whatever its literal values: parser::TemplateKey. 0/0 = not known.
struct TemplateId {
  std::uint64_t high = 0, low = 0;
  friend bool operator==(const TemplateId&, const TemplateId&) = default;
};

// One violation as the session hands it in; views live as long as the call.
struct Incident {
  std::string_view database, application;
  const Violation& violation;
  TemplateId statement;
  std::string_view key_columns;  // "email" or "tenant_id, slug"; empty = not told
  std::string_view sequence;     // that made the key; empty = none or not known
  Evidence evidence;
};

// One line of the top list: constraint x statement x application.
struct IncidentGroup {
  std::uint64_t id = 0;  // never 0; never used again
  std::string database, application;
  Violation violation;
  TemplateId statement;
  std::string text;  // the statement without its values; empty until described
  std::string key_columns, sequence;
  std::uint64_t count = 0;
  std::array<std::uint64_t, kCauseCount> causes{};      // by Cause
  std::array<std::uint64_t, kOutcomeCount> outcomes{};  // by Outcome; may lag behind `count`
  std::chrono::system_clock::time_point first_seen{}, last_seen{};
};

// What was new since the last question: for the log.
struct Burst {
  IncidentGroup group;
  std::uint64_t count = 0;  // since the last question
};

class Incidents {
 public:
  // At most `groups_max` groups; over that the rarest, among them the oldest, makes room.
  explicit Incidents(std::size_t groups_max = 500);
  ~Incidents();
  Incidents(const Incidents&) = delete;
  Incidents& operator=(const Incidents&) = delete;

  struct Recorded {
    Cause cause = Cause::Unknown;
    std::uint64_t group = 0;
    bool wants_text = false;  // describe() it
  };
  Recorded record(const Incident& incident);
  // `text` without values, at most kTextMax bytes of it are kept.
  void describe(std::uint64_t group, std::string_view text);
  // A group that has been pushed out meanwhile is no error.
  void ended(std::uint64_t group, Outcome outcome);

  // The most frequent ones first.
  std::vector<IncidentGroup> top(std::size_t most) const;
  // Groups with violations since the last call.
  std::vector<Burst> take_bursts();
  // Groups that had to make room.
  std::uint64_t forgotten() const;

  // Any thread, without the lock.
  RecentWrites& recent_writes();
  // A secret of the process: hashes made with it tell nothing outside of it.
  std::uint64_t hash_seed() const;

  static constexpr std::size_t kTextMax = 600;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgconcord::metrics
