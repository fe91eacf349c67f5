// `doctor`: sequences that are behind their table, and keys near the end of their type. Every
// identity column, serial and plain `DEFAULT nextval('...')`; a default that computes with nextval
// cannot be compared with the column and is left out (rewrite.md D).
#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "policies/sequence_repair.h"
#include "proxy/cli/diagnosis.h"

namespace pgconcord::cli {
namespace {

constexpr double kProblemShare = 0.8;
constexpr double kNoteShare = 0.5;

// The columns of the answer, in order.
enum Field : std::uint8_t {
  kTable,
  kColumn,
  kSequence,
  kRelkind,
  kIncrement,
  kCycles,
  kCache,
  kLimit,          // the last number that fits both
  kSequenceLimit,  // the sequence alone
  kMayRead,        // last_value of the sequence
  kMayUse,         // pg_sequence_last_value
  kRowSecurity,
  kSequenceType,
  kColumnType,
  kSequenceLiteral,
};

// A partition that draws from its parent's sequence is looked at through the parent.
constexpr const char* kSequencesQuery = R"sql(
, uses AS (
  SELECT c.oid AS relid, c.relkind, c.relispartition, n.nspname, c.relname, a.attname,
         COALESCE(NULLIF(y.typbasetype, 0), y.oid) AS type, u.sequence
  FROM pg_attribute a
  JOIN pg_type y ON y.oid = a.atttypid
  JOIN relation c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  CROSS JOIN LATERAL (
    SELECT x.objid AS sequence FROM pg_depend x
    WHERE a.attidentity <> '' AND x.classid = 'pg_class'::regclass AND x.deptype = 'i'
      AND x.refclassid = 'pg_class'::regclass AND x.refobjid = c.oid AND x.refobjsubid = a.attnum
    UNION ALL
    SELECT x.refobjid FROM pg_depend x
    WHERE a.attidentity = '' AND x.classid = 'pg_attrdef'::regclass AND x.objid = d.oid
      AND x.refclassid = 'pg_class'::regclass
      AND pg_get_expr(d.adbin, d.adrelid) ~ '^nextval[(]''.*''::regclass[)]$') u
  WHERE a.attnum > 0 AND NOT a.attisdropped
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT format('%I.%I', uses.nspname, uses.relname), format('%I', uses.attname),
       format('%I.%I', m.nspname, s.relname), uses.relkind, q.seqincrement, q.seqcycle, q.seqcache,
       LEAST(q.seqmax, CASE uses.type WHEN 21 THEN 32767 WHEN 23 THEN 2147483647
         ELSE 9223372036854775807 END),
       q.seqmax, has_sequence_privilege(s.oid, 'SELECT'), has_sequence_privilege(s.oid, 'USAGE'),
       COALESCE(row_security_active(uses.relid), false), format_type(q.seqtypid, NULL),
       format_type(uses.type, NULL), format('%L', format('%I.%I', m.nspname, s.relname))
FROM uses
JOIN pg_class s ON s.oid = uses.sequence AND s.relkind = 'S'
JOIN pg_namespace m ON m.oid = s.relnamespace
JOIN pg_sequence q ON q.seqrelid = s.oid
WHERE NOT (uses.relispartition AND EXISTS (
  SELECT FROM uses above
  WHERE above.relid = pg_partition_root(uses.relid) AND above.sequence = uses.sequence))
ORDER BY 1, 2
)sql";

// Primary keys that begin with an integer. Partitions are looked at through their parent.
constexpr const char* kIntegerKeysQuery = R"sql(
SELECT format('%I.%I', n.nspname, c.relname), format('%I', a.attname),
       CASE y.type WHEN 21 THEN 32767 WHEN 23 THEN 2147483647 ELSE 9223372036854775807 END,
       format_type(y.type, NULL)
FROM pg_index i
JOIN relation c ON c.oid = i.indrelid AND NOT c.relispartition
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
JOIN pg_type t ON t.oid = a.atttypid
CROSS JOIN LATERAL (SELECT COALESCE(NULLIF(t.typbasetype, 0), t.oid) AS type) y
WHERE i.indisprimary AND y.type IN (20, 21, 23)
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1, 2
)sql";

std::string text(const Row& row, std::size_t field) { return row[field].value_or(""); }
bool is_true(const Row& row, std::size_t field) { return text(row, field) == "t"; }

policies::SequenceUse use_of(const Row& row) {
  return {text(row, kTable), text(row, kColumn), text(row, kSequence), text(row, kRelkind) == "p"};
}

bool descends(const Row& row) { return text(row, kIncrement).starts_with('-'); }

// Key, last value, whether it is behind, by how much, share used. The key is the transaction's
// snapshot and the sequence is read after it, so a healthy table under load is never behind.
std::string probe(const Row& row) {
  const policies::SequenceUse use = use_of(row);
  const bool down = descends(row);
  const std::string rows = (use.is_partitioned ? "" : "ONLY ") + use.table;
  // With USAGE alone the server tells the last number that was drawn, nothing of one that was set.
  const std::string state = is_true(row, kMayRead)
                                ? "(SELECT last_value, is_called FROM " + use.sequence + ")"
                                : "(SELECT COALESCE(pg_sequence_last_value(" +
                                      text(row, kSequenceLiteral) +
                                      "::regclass), 0) AS last_value, true AS is_called)";
  const std::string next =
      "(last_value::numeric + CASE WHEN is_called THEN " + text(row, kIncrement) + " ELSE 0 END)";
  return "SELECT edge, last_value, edge " + std::string(down ? "<=" : ">=") + " " + next +
         ", abs(edge - " + next + ") + 1, GREATEST(edge, last_value) / " + text(row, kLimit) +
         "::numeric FROM (SELECT " + (down ? "min(" : "max(") + use.column +
         ")::numeric AS edge FROM " + rows + ") keys, " + state + " state";
}

std::string percent(double share) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f %%", share * 100);
  return buffer.data();
}

void judge_drift(const Row& use, const Row& seen, Diagnoses& found) {
  if (!is_true(seen, 2)) return;
  const std::string sequence = text(use, kSequence);
  const std::string key = text(use, kTable) + "." + text(use, kColumn);
  if (is_true(use, kCycles)) {
    found.push_back({Gravity::Note, "sequence", sequence,
                     "it cycles, so numbers below those of " + key + " come again"});
    return;
  }
  Diagnosis diagnosis{Gravity::Problem, "sequence", sequence,
                      "behind " + key + ": the last number drawn is " + text(seen, 1) +
                          ", the table has " + text(seen, 0) + "; the next " + text(seen, 3) +
                          " numbers may violate its key"};
  if (text(use, kCache) != "1") {
    diagnosis.message += ". Sessions hold up to " + text(use, kCache) +
                         " numbers ahead: after the repair they still use those up";
  }
  diagnosis.scripts.push_back({"moves it forward; writers may go on",
                               policies::repair_statement(use_of(use), descends(use))});
  found.push_back(std::move(diagnosis));
}

std::string range_advice(const Row& use) {
  const bool is_sequences = text(use, kSequenceLimit) == text(use, kLimit);
  if (text(use, kColumnType) != "bigint") {
    return "change the column to bigint in good time, which rewrites the table";
  }
  return is_sequences ? "the column holds more: raise the sequence's end" : "";
}

void judge_share(const Row& use, const Row& seen, Diagnoses& found) {
  const double share = std::strtod(text(seen, 4).c_str(), nullptr);
  if (descends(use) || is_true(use, kCycles) || share < kNoteShare) return;
  Diagnosis diagnosis{share < kProblemShare ? Gravity::Note : Gravity::Problem, "key_range",
                      text(use, kTable) + "." + text(use, kColumn),
                      percent(share) + " of the numbers up to " + text(use, kLimit) +
                          " are used (" + text(use, kColumnType) + ", sequence " +
                          text(use, kSequence) + "); " + range_advice(use)};
  if (text(use, kColumnType) == "bigint" && text(use, kSequenceType) != "bigint") {
    diagnosis.scripts.push_back({"raises it without touching the table",
                                 "ALTER SEQUENCE " + text(use, kSequence) + " AS bigint;"});
  }
  found.push_back(std::move(diagnosis));
}

void examine(const Examination& examination, const Row& use, Diagnoses& found) {
  const std::string sequence = text(use, kSequence);
  if (!is_true(use, kMayRead) && !is_true(use, kMayUse)) {
    found.push_back({Gravity::NotChecked, "sequence", sequence,
                     "role " + examination.connection.user() +
                         " may not read it: GRANT SELECT ON SEQUENCE " + sequence});
    return;
  }
  if (is_true(use, kRowSecurity)) {
    found.push_back({Gravity::NotChecked, "sequence", sequence,
                     "row-level security hides rows of " + text(use, kTable) + " from role " +
                         examination.connection.user() + ": connect as its owner"});
    return;
  }
  const auto seen = examination.read(probe(use), "sequence", sequence, found);
  if (!seen || seen->size() != 1) return;
  judge_drift(use, seen->front(), found);
  judge_share(use, seen->front(), found);
}

}  // namespace

void examine_sequences(const Examination& examination, Diagnoses& found) {
  const auto uses = examination.read(of_unlocked_tables(kSequencesQuery), "sequence", "", found);
  if (!uses) return;
  for (const Row& use : *uses) examine(examination, use, found);
}

void examine_key_ranges(const Examination& examination, Diagnoses& found) {
  const auto uses =
      examination.connection.read(of_unlocked_tables(kSequencesQuery), examination.timeout);
  const auto keys = examination.read(of_unlocked_tables(kIntegerKeysQuery), "key_range", "", found);
  if (!uses || !keys) return;
  std::set<std::string> drawn;
  for (const Row& use : *uses) drawn.insert(text(use, kTable) + "." + text(use, kColumn));
  for (const Row& key : *keys) {
    const std::string name = text(key, 0) + "." + text(key, 1);
    if (drawn.count(name) != 0) continue;
    const auto seen = examination.read("SELECT max(" + text(key, 1) + "), max(" + text(key, 1) +
                                           ") / " + text(key, 2) + "::numeric FROM " + text(key, 0),
                                       "key_range", name, found);
    if (!seen || seen->size() != 1 || !seen->front()[0]) continue;
    const double share = std::strtod(text(seen->front(), 1).c_str(), nullptr);
    if (share < kNoteShare) continue;
    found.push_back({share < kProblemShare ? Gravity::Note : Gravity::Problem, "key_range", name,
                     percent(share) + " of the numbers up to " + text(key, 2) + " are used (" +
                         text(key, 3) + ")"});
  }
}

}  // namespace pgconcord::cli
