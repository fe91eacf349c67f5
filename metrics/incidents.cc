#include "metrics/incidents.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <random>
#include <unordered_map>

#include "metrics/cause.h"
#include "metrics/label_value.h"

namespace pgconcord::metrics {
namespace {

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

std::size_t combine(std::size_t hash, std::string_view text) {
  return hash * 0x9E3779B97F4A7C15U + std::hash<std::string_view>{}(text);
}

std::size_t constraint_hash(const Incident& incident) {
  std::size_t hash = combine(0, incident.database);
  hash = combine(hash, incident.violation.schema);
  hash = combine(hash, incident.violation.table);
  return combine(hash, incident.violation.constraint);
}

std::size_t group_hash(const Incident& incident) {
  std::size_t hash = combine(constraint_hash(incident), incident.application);
  hash = combine(hash, incident.violation.statement);
  return hash ^ incident.statement.high ^ (incident.statement.low * 3);
}

// Names on the wire can be forged (protocol.md 8.4): kept no longer than the server keeps any.
Violation bounded(const Violation& violation) {
  return {label_value(violation.schema), label_value(violation.table),
          label_value(violation.constraint), violation.kind, violation.statement};
}

bool is_duplicate(const Violation& violation) {
  return violation.kind == "unique" || violation.kind == "exclusion";
}

}  // namespace

struct Incidents::Impl {
  struct Entry {
    IncidentGroup group;
    std::uint64_t reported = 0;  // of its count, by take_bursts()
  };
  // By hash: two groups of one hash would be one, at 2^-64.
  using Map = std::unordered_map<std::size_t, Entry>;

  Entry& entry_of(const Incident& incident, std::chrono::system_clock::time_point now) {
    const std::size_t hash = group_hash(incident);
    const auto found = groups.find(hash);
    if (found != groups.end()) return found->second;
    if (groups.size() >= groups_max) make_room();
    Entry& entry = groups[hash];
    IncidentGroup& group = entry.group;
    group.id = ++last_id;
    group.database = label_value(incident.database);
    group.application = label_value(incident.application);
    group.violation = bounded(incident.violation);
    group.statement = incident.statement;
    group.first_seen = now;
    hash_of_id[group.id] = hash;
    return entry;
  }

  void make_room() {
    const auto rarest = std::min_element(groups.begin(), groups.end(), [](auto& a, auto& b) {
      const IncidentGroup &left = a.second.group, &right = b.second.group;
      return std::tie(left.count, left.last_seen) < std::tie(right.count, right.last_seen);
    });
    hash_of_id.erase(rarest->second.group.id);
    groups.erase(rarest);
    ++forgotten;
  }

  IncidentGroup* find(std::uint64_t id) {
    const auto hash = hash_of_id.find(id);
    return hash == hash_of_id.end() ? nullptr : &groups.at(hash->second).group;
  }

  std::size_t groups_max = 0;
  mutable std::mutex mutex;
  Map groups;
  std::unordered_map<std::uint64_t, std::size_t> hash_of_id;
  std::uint64_t last_id = 0, forgotten = 0;
  CauseClassifier causes;
  RecentWrites recent_writes;
  std::uint64_t seed = random_seed();
};

Incidents::Incidents(std::size_t groups_max) : impl_(std::make_unique<Impl>()) {
  impl_->groups_max = std::max<std::size_t>(groups_max, 1);
}
Incidents::~Incidents() = default;

Incidents::Recorded Incidents::record(const Incident& incident) {
  const auto now = std::chrono::system_clock::now();
  const std::lock_guard lock(impl_->mutex);
  const Cause cause = is_duplicate(incident.violation)
                          ? impl_->causes.judge(constraint_hash(incident), incident.evidence)
                          : Cause::Unknown;
  IncidentGroup& group = impl_->entry_of(incident, now).group;
  ++group.count;
  ++group.causes[static_cast<std::size_t>(cause)];
  group.last_seen = now;
  if (!incident.key_columns.empty()) group.key_columns = incident.key_columns;
  if (!incident.sequence.empty()) group.sequence = label_value(incident.sequence);
  return {cause, group.id, group.text.empty()};
}

void Incidents::describe(std::uint64_t group, std::string_view text) {
  const std::lock_guard lock(impl_->mutex);
  if (IncidentGroup* found = impl_->find(group)) found->text = text.substr(0, kTextMax);
}

void Incidents::ended(std::uint64_t group, Outcome outcome) {
  const std::lock_guard lock(impl_->mutex);
  if (IncidentGroup* found = impl_->find(group)) {
    ++found->outcomes[static_cast<std::size_t>(outcome)];
  }
}

std::vector<IncidentGroup> Incidents::top(std::size_t most) const {
  std::vector<IncidentGroup> groups;
  {
    const std::lock_guard lock(impl_->mutex);
    groups.reserve(impl_->groups.size());
    for (const auto& [hash, entry] : impl_->groups) groups.push_back(entry.group);
  }
  std::sort(groups.begin(), groups.end(), [](const IncidentGroup& a, const IncidentGroup& b) {
    return a.count != b.count ? a.count > b.count : a.id < b.id;
  });
  if (groups.size() > most) groups.resize(most);
  return groups;
}

std::vector<Burst> Incidents::take_bursts() {
  std::vector<Burst> bursts;
  const std::lock_guard lock(impl_->mutex);
  for (auto& [hash, entry] : impl_->groups) {
    if (entry.reported == entry.group.count) continue;
    bursts.push_back({entry.group, entry.group.count - entry.reported});
    entry.reported = entry.group.count;
  }
  return bursts;
}

std::uint64_t Incidents::forgotten() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->forgotten;
}

RecentWrites& Incidents::recent_writes() { return impl_->recent_writes; }
std::uint64_t Incidents::hash_seed() const { return impl_->seed; }

}  // namespace pgconcord::metrics
