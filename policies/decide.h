// May this write be rewritten, and into what? rewrite.md's gates and decision table as one pure
// function; every row of the table is a golden test (tests/golden/decide). The first policy that
// matches decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/copy_staging.h"
#include "parser/insert_form.h"
#include "parser/on_conflict.h"
#include "parser/statement.h"
#include "policies/catalog.h"
#include "policies/key_value.h"
#include "policies/policy.h"
#include "policies/reason.h"
#include "policies/row_keys.h"
#include "policies/suspensions.h"

namespace pgconcord::policies {

// The policies that apply to one session: its database, user, application and share of the rollout.
struct Selection {
  std::vector<const Policy*> policies;  // in file order; point into the Config the session holds
  // Matched, but not this session's share: left alone with reason `rollout`.
  std::vector<const Policy*> rolled_out_of;
  std::uint64_t id = 0;  // equal ids = equal lists of the same configuration generation
};

// `session_share` in [0, 100): a stable number of the session, compared with `rollout`.
Selection select(const std::vector<Policy>& policies, std::string_view database,
                 std::string_view user, std::string_view application, std::uint8_t session_share,
                 std::uint64_t config_generation);

// When the rewrite would happen.
enum class Moment : std::uint8_t {
  UpFront,         // before anything was sent: transaction block or pipeline
  AfterViolation,  // the original ran and failed with the violation in `Situation`
};

struct Situation {
  Moment moment = Moment::UpFront;
  const Selection* selection = nullptr;
  const Catalog* catalog = nullptr;  // nullptr = not known
  const Suspensions* suspensions = nullptr;
  Oid table = 0;         // resolved target; 0 = not resolved. AfterViolation: may be 0
  bool guarded = false;  // first statement after the application's own SAVEPOINT
  // AfterViolation: the error's fields s, t, n as the server sent them (leaf partition names
  // included).
  std::string_view violated_schema, violated_table, violated_constraint;
};

// What is done with the write.
enum class Remedy : std::uint8_t {
  AddClause,     // INSERT: `clause` is added
  InsertForm,    // UPDATE: `insert_form` is sent in its place; the client sees the tag of an UPDATE
  StageRows,     // COPY: by way of a staging table, `staging`, with `clause` at the end
  ReportNoRows,  // UPDATE, after a violation: nothing is sent, the client sees `UPDATE 0`
};

struct Decision {
  const Policy* policy = nullptr;  // nullptr: no policy concerns this write; nothing is counted
  Reason reason = Reason::None;    // None: carry out the remedy
  Remedy remedy = Remedy::AddClause;
  parser::OnConflict clause;
  parser::InsertForm insert_form;
  parser::Staging staging;
  std::vector<KeyCheck> key_checks;  // of the values of each text that the insert form is used for
  std::optional<RowKeys> row_keys;   // rows of one text that name a key twice must be told apart
  Oid table = 0;                     // the table of the catalog
  // Labels, confirmed by the catalog where there is one.
  std::string schema, table_name, constraint;
  bool tag_counts_skipped_rows = false;  // DO NOTHING over VALUES: rows sent minus the tag's count
};

// Without a catalog the answer is CatalogUnknown, except for policies in `observe`: those are
// decided by the statement alone, because nothing will be sent (after a violation only where the
// policy names its constraint).
Decision decide(const parser::Insert& insert, const Situation& situation);

Decision decide(const parser::Update& update, const Situation& situation);

// copy_decide.cc
Decision decide(const parser::Copy& copy, const Situation& situation);

// A statement that is no INSERT at top level but hides one (EXPLAIN, PREPARE, CTE): the policy and
// NotTopLevel, or no policy.
Decision decide(const parser::Other& other, const Situation& situation);

}  // namespace pgconcord::policies
