// A policy as the user wrote it, after validation. Pure data; the keys are those of the
// configuration file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgconcord::policies {

enum class Mode : std::uint8_t { Off, Observe, Enforce };
enum class StatementKind : std::uint8_t { Insert, Update, Copy };
enum class Action : std::uint8_t { DoNothing, DoUpdate, ReturnExisting, InsertMissing };
enum class Apply : std::uint8_t { Auto, OnViolation, UpFront };
enum class Guarded : std::uint8_t { LeaveAlone, Rewrite };
enum class Returning : std::uint8_t { LeaveAlone, Omit };
enum class ReportRows : std::uint8_t { Actual, Attempted };
enum class Triggers : std::uint8_t { LeaveAlone, Rewrite };
enum class Duplicates : std::uint8_t { Error, First, Last };
enum class SequenceDrift : std::uint8_t { Report, Repair };

// Globs (`*`, `?`); an empty list matches everything.
struct When {
  std::vector<std::string> databases;
  std::vector<std::string> users;
  std::vector<std::string> applications;
};

struct Policy {
  std::string name;                   // [a-z0-9-], unique
  Mode mode = Mode::Enforce;          // already lowered to the ceiling of the file
  Mode written_mode = Mode::Enforce;  // as written, for `check` and `explain`
  std::string schema;                 // "*" = any schema
  std::string table;
  std::string
      constraint;  // name, or "*" = whichever the server names; empty when `columns` is given
  std::vector<std::string> columns;  // instead of constraint
  StatementKind statement = StatementKind::Insert;
  Action action = Action::DoNothing;
  Apply apply = Apply::Auto;
  When when;
  Guarded guarded = Guarded::LeaveAlone;
  Returning returning = Returning::LeaveAlone;
  ReportRows report_rows = ReportRows::Actual;
  std::uint8_t rollout_percent = 100;
  std::vector<std::pair<std::string, std::string>>
      set;  // column, expression; empty = every inserted non-key column
  std::string where;
  bool skip_unchanged = false;
  Triggers triggers = Triggers::LeaveAlone;
  Duplicates duplicates = Duplicates::Error;
  SequenceDrift on_sequence_drift = SequenceDrift::Report;
  std::uint32_t line = 0;  // where the policy stands in its file, for messages
  std::string file;
};

// It must be applied before the statement is sent, even to one that stands alone.
bool is_up_front(const Policy& policy);
// There is nothing to apply before a violation came.
bool waits_for_violation(const Policy& policy);

std::string_view label(Mode mode);
std::string_view label(StatementKind kind);
std::string_view label(Action action);
std::string_view label(Apply apply);

// `*` and `?` as in a shell, over the whole text, case-sensitive.
bool glob_matches(std::string_view pattern, std::string_view text);
// An empty list matches everything.
bool any_glob_matches(const std::vector<std::string>& patterns, std::string_view text);

}  // namespace pgconcord::policies
