// `doctor`: unique indexes that no ON CONFLICT can rely on. An invalid one is a problem in any
// case; the others are by design, and a problem only for a policy that names them.
#include <string>

#include "proxy/cli/diagnosis.h"

namespace pgconcord::cli {
namespace {

constexpr const char* kIndexesQuery = R"sql(
SELECT format('%I.%I', n.nspname, x.relname), format('%I.%I', n.nspname, c.relname),
       i.indisvalid AND i.indisready, i.indimmediate, k.conname IS NOT NULL, x.relkind,
       quote_ident(k.conname), pg_get_constraintdef(k.oid),
       NOT i.indimmediate OR i.indisprimary OR i.indexprs IS NOT NULL
         OR COALESCE((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false)
         OR NOT EXISTS (
           SELECT FROM pg_attribute a
           WHERE a.attrelid = c.oid AND NOT a.attnotnull
             AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
             AND position(format('(%I IS NOT NULL)', a.attname)
               IN COALESCE(pg_get_expr(i.indpred, i.indrelid), '')) = 0),
       current_setting('server_version_num')::int >= 150000
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
JOIN relation c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = c.oid
  AND k.contype IN ('p', 'u')
WHERE i.indisunique AND NOT i.indisexclusion AND (NOT x.relispartition OR NOT i.indisvalid)
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1
)sql";

enum Field : std::uint8_t {
  kIndex,
  kTable,
  kUsable,
  kImmediate,
  kIsConstraint,
  kRelkind,
  kConstraint,
  kDefinition,
  kNullsCollide,
  kKnowsNullsNotDistinct,
};

std::string text(const Row& row, std::size_t field) { return row[field].value_or(""); }
bool is_true(const Row& row, std::size_t field) { return text(row, field) == "t"; }

Diagnosis invalid(const Row& index) {
  const std::string name = text(index, kIndex);
  Diagnosis diagnosis{Gravity::Problem, "index", name,
                      "invalid: it enforces nothing reliably and no ON CONFLICT may use it"};
  if (text(index, kRelkind) == "I") {
    diagnosis.message += "; a partition has no such index yet: attach one to it";
    return diagnosis;
  }
  diagnosis.message += ", as CREATE INDEX CONCURRENTLY leaves it when it fails";
  diagnosis.scripts.push_back(
      {"builds it anew; duplicates must be gone", "REINDEX INDEX CONCURRENTLY " + name + ";"});
  diagnosis.scripts.push_back({"or gives it up", "DROP INDEX CONCURRENTLY " + name + ";"});
  return diagnosis;
}

Diagnosis deferrable(const Row& index) {
  return {Gravity::Note,
          "index",
          text(index, kIndex),
          "deferrable: ON CONFLICT cannot use it, and its violations may come at COMMIT",
          {{"makes it immediate; the table is locked while the index is built",
            "ALTER TABLE " + text(index, kTable) + " DROP CONSTRAINT " + text(index, kConstraint) +
                ", ADD CONSTRAINT " + text(index, kConstraint) + " " +
                text(index, kDefinition).substr(0, text(index, kDefinition).find(" DEFERRABLE")) +
                ";"}}};
}

Diagnosis nulls_distinct(const Row& index) {
  std::string message =
      "a column of it may be NULL, and rows with NULL never conflict: an upsert adds such a row "
      "each time. Make the column NOT NULL";
  if (is_true(index, kKnowsNullsNotDistinct)) message += ", or the index NULLS NOT DISTINCT";
  return {Gravity::Note, "index", text(index, kIndex), std::move(message)};
}

}  // namespace

void examine_indexes(const Examination& examination, Diagnoses& found) {
  const auto indexes = examination.read(of_unlocked_tables(kIndexesQuery), "index", "", found);
  if (!indexes) return;
  for (const Row& index : *indexes) {
    if (!is_true(index, kUsable)) {
      found.push_back(invalid(index));
    } else if (!is_true(index, kImmediate)) {
      found.push_back(deferrable(index));
    } else if (!is_true(index, kNullsCollide)) {
      found.push_back(nulls_distinct(index));
    }
  }
}

}  // namespace pgconcord::cli
