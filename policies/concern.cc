#include "policies/concern.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

namespace pgconcord::policies {
namespace {

struct Candidate {
  const Policy* policy;
  Share share;
};

// The table a write goes to, and the index that was violated; `reason` says why the table is not
// known.
struct Target {
  const Table* table = nullptr;
  const UniqueIndex* violated = nullptr;
  Reason reason = Reason::None;
  bool elsewhere =
      false;  // the violation is not of the table this write names: no policy concerns it
};

bool is_temporary(std::string_view schema) {
  return schema == "pg_temp" || schema.starts_with("pg_temp_");
}

// "*" is any schema of tenants, never the session's own temporary one.
bool schema_fits(const Policy& policy, std::string_view schema) {
  return policy.schema == "*" ? !is_temporary(schema) : policy.schema == schema;
}

bool names_fit(const parser::RelationName& name, const Table& table) {
  if (name.name != table.name) return false;
  return name.schema.empty() || name.schema == table.schema ||
         (name.schema == "pg_temp" && is_temporary(table.schema));
}

// Both lists point into one array, so the order of addresses is the order of the file.
std::vector<Candidate> in_file_order(const Selection& selection) {
  std::vector<Candidate> candidates;
  candidates.reserve(selection.policies.size() + selection.rolled_out_of.size());
  for (const Policy* policy : selection.policies) candidates.push_back({policy, Share::Inside});
  for (const Policy* policy : selection.rolled_out_of) {
    candidates.push_back({policy, Share::Outside});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::less<>{}(a.policy, b.policy);
  });
  return candidates;
}

bool moment_fits(const Policy& policy, Moment moment) {
  switch (moment) {
    case Moment::UpFront:
      return !waits_for_violation(policy) && policy.constraint != "*";
    case Moment::AfterViolation:
      if (policy.statement == StatementKind::Copy) return policy.apply == Apply::OnViolation;
      return policy.apply != Apply::UpFront && policy.action != Action::InsertMissing;
  }
  return false;
}

// An error without CONTEXT comes from the statement's own table or a partition below it; a CTE of
// the statement that writes another table is the exception, told by the name.
Target violated_target(const parser::RelationName& name, const Situation& situation) {
  const Catalog& catalog = *situation.catalog;
  const Table* leaf = catalog.find(situation.violated_schema, situation.violated_table);
  if (leaf == nullptr) return {.reason = Reason::CatalogUnknown};
  const Catalog::Located located = catalog.locate(
      situation.violated_schema, situation.violated_table, situation.violated_constraint);
  const Table& root = catalog.root_of(*leaf);
  const auto is_meant = [&](const Table& table) {
    return situation.table == 0 ? names_fit(name, table) : situation.table == table.oid;
  };
  if (is_meant(root)) return {.table = &root, .violated = located.index};
  if (is_meant(*leaf)) {
    return {.table = leaf, .violated = violated_index(*leaf, situation.violated_constraint)};
  }
  return {.elsewhere = true};
}

Target resolve(const parser::RelationName& name, const Situation& situation) {
  if (situation.catalog == nullptr) return {.reason = Reason::CatalogUnknown};
  if (situation.moment == Moment::AfterViolation) return violated_target(name, situation);
  const Table* table = nullptr;
  if (situation.table != 0) {
    table = situation.catalog->find(situation.table);
  } else if (!name.schema.empty()) {
    table = situation.catalog->find(name.schema, name.name);
  } else {
    return {.reason = Reason::Name};
  }
  if (table == nullptr) return {.reason = Reason::CatalogUnknown};
  return {.table = table};
}

bool table_fits(const Policy& policy, const parser::RelationName& name, const Target& target) {
  if (target.table != nullptr) {
    return policy.table == target.table->name && schema_fits(policy, target.table->schema);
  }
  return policy.table == name.name && (name.schema.empty() || schema_fits(policy, name.schema));
}

// An unqualified name that a temporary table takes over: worth a reason, because the policy's table
// looks meant.
bool is_shadowed(const Policy& policy, const parser::RelationName& name, const Target& target) {
  return target.table != nullptr && name.schema.empty() && policy.table == name.name &&
         is_temporary(target.table->schema);
}

bool same_columns(const UniqueIndex& index, std::vector<std::string> columns) {
  if (index.has_expressions || index.kind == IndexKind::Exclusion) return false;
  std::vector<std::string> own = index.columns;
  std::sort(own.begin(), own.end());
  std::sort(columns.begin(), columns.end());
  return own == columns;
}

// Does the policy's `constraint` or `columns` mean this index?
bool means(const Policy& policy, const UniqueIndex& index) {
  if (policy.constraint == "*") return true;
  return policy.columns.empty() ? index.name == policy.constraint
                                : same_columns(index, policy.columns);
}

bool violation_fits(const Policy& policy, const Target& target, const Situation& situation) {
  if (target.violated != nullptr) return means(policy, *target.violated);
  // Not in the catalog, or no catalog: by the names of the error alone. `columns` cannot be told
  // then.
  if (target.table == nullptr && (policy.table != situation.violated_table ||
                                  !schema_fits(policy, situation.violated_schema))) {
    return false;
  }
  return policy.constraint == "*" || !policy.columns.empty() ||
         policy.constraint == situation.violated_constraint;
}

bool is_on_a_partition(const Policy& policy, const Table& root, const Catalog& catalog) {
  return std::any_of(catalog.tables().begin(), catalog.tables().end(), [&](const Table& part) {
    return part.root == root.oid &&
           std::any_of(part.indexes.begin(), part.indexes.end(),
                       [&](const UniqueIndex& index) { return means(policy, index); });
  });
}

// `columns` must mean exactly one index: with two, the server's choice would be a guess.
void find_arbiter(Concern& concern, const Catalog& catalog) {
  const UniqueIndex* found = nullptr;
  std::size_t count = 0;
  for (const UniqueIndex& index : concern.table->indexes) {
    if (!means(*concern.policy, index)) continue;
    found = &index;
    ++count;
  }
  if (count == 1) {
    concern.arbiter = found;
  } else if (count > 1) {
    concern.reason = Reason::InvalidIndex;
  } else if (is_on_a_partition(*concern.policy, *concern.table, catalog)) {
    concern.reason = Reason::LeafIndex;
  } else {
    concern.reason = Reason::CatalogUnknown;
  }
}

void find_violated_arbiter(Concern& concern, const Target& target, const Catalog& catalog) {
  if (target.violated == nullptr) {
    concern.reason = Reason::CatalogUnknown;
  } else if (!has_index(*target.table, *target.violated)) {
    concern.reason = Reason::LeafIndex;
  } else if (!concern.policy->columns.empty()) {
    find_arbiter(concern, catalog);
  } else {
    concern.arbiter = target.violated;
  }
}

}  // namespace

Concern find_concern(StatementKind kind, const parser::RelationName& name,
                     const Situation& situation) {
  if (situation.selection == nullptr || is_temporary(name.schema)) return {};
  const Target target = resolve(name, situation);
  if (target.elsewhere) return {};
  const bool after_violation = situation.moment == Moment::AfterViolation;
  for (const Candidate& candidate : in_file_order(*situation.selection)) {
    const Policy& policy = *candidate.policy;
    if (policy.statement != kind || !moment_fits(policy, situation.moment)) continue;
    if (is_shadowed(policy, name, target)) {
      return {.policy = &policy, .share = candidate.share, .reason = Reason::Name};
    }
    if (!table_fits(policy, name, target)) continue;
    if (after_violation && !violation_fits(policy, target, situation)) continue;
    Concern concern{&policy, candidate.share, target.table, nullptr, target.reason};
    if (target.table != nullptr && after_violation) {
      find_violated_arbiter(concern, target, *situation.catalog);
    } else if (target.table != nullptr) {
      find_arbiter(concern, *situation.catalog);
    }
    return concern;
  }
  return {};
}

}  // namespace pgconcord::policies
