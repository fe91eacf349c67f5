// What to do about each violated constraint: an upsert where it cures, the right repair where it
// does not, nothing where the application copes. From evidence only; every text says what it rests
// on and what could go wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/incidents.h"

namespace pgconcord::admin {

enum class Verdict : std::uint8_t {
  DoNothing,       // skip the row that is there already
  ReturnExisting,  // skip it and hand out the row that is there
  RepairSequence,  // no upsert: a lagging sequence would lose new rows
  Handled,         // the application recovers by itself
  NoUpsert,        // an upsert cannot cure it
  Ambiguous,       // not enough is known
};
std::string_view label(Verdict verdict);  // do_nothing, return_existing, repair_sequence, ...

struct Suggestion {
  std::string database, schema, table, constraint, kind;
  std::uint64_t count = 0;
  Verdict verdict = Verdict::Ambiguous;
  std::string evidence;               // one sentence
  std::string advice;                 // one or two sentences
  std::string yaml;                   // a policy in `observe`, ready for the file; empty = none
  std::string sql;                    // a repair to be read and run by hand; empty = none
  std::vector<std::string> cautions;  // what could go wrong
};

// One for each constraint, the most violated first.
std::vector<Suggestion> suggestions(const std::vector<metrics::IncidentGroup>& groups);

}  // namespace pgconcord::admin
