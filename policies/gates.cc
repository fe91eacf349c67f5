#include "policies/gates.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace pgconcord::policies {
namespace {

Reason relation_kind(const Table& table) {
  switch (table.relkind) {
    case 'r':
    case 'p':
      return Reason::None;
    case 'f':
      return Reason::ForeignTable;
    default:  // v, m, and whatever a later version adds
      return Reason::View;
  }
}

Reason rules(const Table& table) {
  return table.has_insert_or_update_rules ? Reason::Rules : Reason::None;
}

Reason inheritance(const Table& table) {
  return table.is_inheritance_child || table.has_inheritance_children ? Reason::Inheritance
                                                                      : Reason::None;
}

// A6: inferring columns that a deferrable constraint covers too is refused, whatever else covers
// them.
Reason deferrable(const Subject& subject) {
  const UniqueIndex& arbiter = subject.arbiter;
  const auto refused = [&](const UniqueIndex& index) {
    if (index.immediate) return false;
    return index.oid == arbiter.oid ||
           (!arbiter.has_expressions && !index.has_expressions &&
            arbiter.kind != IndexKind::Exclusion && index.kind != IndexKind::Exclusion &&
            std::is_permutation(index.columns.begin(), index.columns.end(), arbiter.columns.begin(),
                                arbiter.columns.end()));
  };
  const auto& indexes = subject.table.indexes;
  return std::any_of(indexes.begin(), indexes.end(), refused) ? Reason::Deferrable : Reason::None;
}

Reason exclusion(const Subject& subject) {
  const bool updates = subject.policy.action != Action::DoNothing;
  return updates && subject.arbiter.kind == IndexKind::Exclusion ? Reason::Exclusion : Reason::None;
}

Reason invalid_index(const Subject& subject) {
  return subject.arbiter.valid && subject.arbiter.ready ? Reason::None : Reason::InvalidIndex;
}

Reason partition_key(const Subject& subject, const Effect& effect) {
  const auto& keys = subject.table.partition_key_columns;
  const bool touched =
      std::any_of(effect.written.begin(), effect.written.end(), [&](const Column* column) {
        return std::find(keys.begin(), keys.end(), column->name) != keys.end();
      });
  return touched ? Reason::PartitionKey : Reason::None;
}

bool may_read_all(const Table& table) {
  return table.may_select || std::all_of(table.columns.begin(), table.columns.end(),
                                         [](const Column& column) { return column.may_select; });
}

// A11. The policy's own expressions may read any column; nobody parses them, so all must be
// readable.
Reason privilege(const Subject& subject, const Effect& effect) {
  for (const std::string& name : subject.arbiter.referenced_columns) {
    const Column* column = find_column(subject.table, name);
    if (column == nullptr || !column->may_select) return Reason::Privilege;
  }
  for (const Column* column : effect.written) {
    if (!column->may_select || !column->may_update) return Reason::Privilege;
  }
  const bool own_expressions = !subject.policy.set.empty() || !subject.policy.where.empty();
  if (own_expressions && !effect.written.empty() && !may_read_all(subject.table)) {
    return Reason::Privilege;
  }
  return Reason::None;
}

// A12: a target makes the SELECT policies a check of the new row, even without a conflict.
Reason row_security(const Subject& subject, const Effect&) {
  return subject.table.row_security_applies ? Reason::RowSecurity : Reason::None;
}

// A15: a BEFORE INSERT trigger changes the row first, and a BEFORE UPDATE one perhaps again.
Reason trigger(const Subject& subject, const Effect& effect) {
  const bool unasked = subject.policy.triggers == Triggers::LeaveAlone;
  return unasked && subject.table.has_before_insert_row_trigger && !effect.written.empty()
             ? Reason::Trigger
             : Reason::None;
}

// Rows that are skipped, or not updated because of WHERE, are missing from RETURNING (rewrite.md
// 0.4).
Reason returning(const Subject& subject, const Effect& effect) {
  const bool rows_may_be_missing = effect.written.empty() || !effect.clause.where.empty();
  const bool unasked = subject.policy.returning == Returning::LeaveAlone;
  return unasked && subject.insert.has_returning && rows_may_be_missing ? Reason::Returning
                                                                        : Reason::None;
}

// Who orders the rows of a query wants their generated keys to be in that order, and may sort what
// comes back by them to tell which row is which (SQLAlchemy's add_all does). A row that was there
// has an older key, and each object would get another one's.
Reason order_of_keys(const Subject& subject, const Effect&) {
  const auto& columns = subject.table.columns;
  const bool has_generated_key = std::any_of(
      columns.begin(), columns.end(), [](const Column& column) { return column.from_sequence; });
  const bool unasked = subject.policy.returning == Returning::LeaveAlone;
  const parser::Insert& insert = subject.insert;
  return unasked && insert.has_returning && insert.is_ordered && has_generated_key
             ? Reason::Returning
             : Reason::None;
}

// Is the column's value drawn from a sequence, as far as anyone can tell? A key that a BEFORE
// INSERT trigger may fill in counts too: that is how sequences were used before serial.
bool is_drawn(const Subject& subject, const Column& column) {
  if (column.generated) {
    return std::any_of(
        column.generated_from.begin(), column.generated_from.end(), [&](const std::string& name) {
          const Column* source = find_column(subject.table, name);
          return source != nullptr && !source->generated && is_drawn(subject, *source);
        });
  }
  const bool trigger_may_fill = subject.table.has_before_insert_row_trigger && !column.has_default;
  if (given(subject.insert, subject.table, column) == Given::Value) {
    return trigger_may_fill && gives_null(subject.insert, subject.table, column);
  }
  return column.from_sequence || trigger_may_fill;
}

// Section 5: a clash on a generated key is a sequence behind its table, and the row is new. It must
// not be lost.
Reason sequence_key(const Subject& subject, const Effect&) {
  const UniqueIndex& arbiter = subject.arbiter;
  const auto& names = arbiter.has_expressions ? arbiter.referenced_columns : arbiter.columns;
  for (const std::string& name : names) {
    const Column* column = find_column(subject.table, name);
    if (column == nullptr || is_drawn(subject, *column)) return Reason::SequenceKey;
  }
  return Reason::None;
}

// A10: the CTE's change is not visible to ON CONFLICT's snapshot.
Reason cte_same_table(const Subject& subject, const Effect&) {
  const Table& table = subject.table;
  const auto names = [](const parser::RelationName& name, const Table& each) {
    return name.name == each.name && (name.schema.empty() || name.schema == each.schema);
  };
  const auto writes_it = [&](const parser::RelationName& name) {
    if (names(name, table)) return true;
    const auto& tables = subject.situation.catalog->tables();
    return std::any_of(tables.begin(), tables.end(), [&](const Table& each) {
      const bool same_tree = each.root == table.oid || each.oid == table.root ||
                             (each.root != 0 && each.root == table.root);
      return same_tree && names(name, each);
    });
  };
  const auto& writes = subject.insert.with_writes;
  return std::any_of(writes.begin(), writes.end(), writes_it) ? Reason::CteSameTable : Reason::None;
}

Reason guarded(const Policy& policy, const Situation& situation) {
  return situation.guarded && policy.guarded == Guarded::LeaveAlone ? Reason::Guarded
                                                                    : Reason::None;
}

Reason suspended(const Policy& policy, const Table& table, const Situation& situation) {
  const Suspensions* suspensions = situation.suspensions;
  return suspensions != nullptr && suspensions->holds(policy.name, table.schema, table.name,
                                                      situation.catalog->role())
             ? Reason::Suspended
             : Reason::None;
}

constexpr Reason (*kRelationGates[])(const Table&) = {relation_kind, rules, inheritance};
constexpr Reason (*kArbiterGates[])(const Subject&) = {deferrable, exclusion, invalid_index};
constexpr Reason (*kEffectGates[])(const Subject&, const Effect&) = {
    partition_key, privilege,     row_security, trigger,
    returning,     order_of_keys, sequence_key, cte_same_table};

template <class Gate, std::size_t N, class... Facts>
Reason first_closed(Gate* const (&gates)[N], const Facts&... facts) {
  for (const auto gate : gates) {
    if (const Reason reason = gate(facts...); reason != Reason::None) return reason;
  }
  return Reason::None;
}

}  // namespace

Reason statement_gates(const parser::Insert& insert) {
  if (insert.has_on_conflict) return Reason::HasOnConflict;
  const std::string& row = insert.alias.empty() ? insert.table.name : insert.alias;
  return row == "excluded" ? Reason::AliasExcluded : Reason::None;
}

Reason relation_gates(const Table& table) { return first_closed(kRelationGates, table); }

Reason arbiter_gates(const Subject& subject) { return first_closed(kArbiterGates, subject); }

Reason effect_gates(const Subject& subject, const Effect& effect) {
  const Reason reason = first_closed(kEffectGates, subject, effect);
  return reason == Reason::None ? session_gates(subject.policy, subject.table, subject.situation)
                                : reason;
}

Reason session_gates(const Policy& policy, const Table& table, const Situation& situation) {
  const Reason reason = guarded(policy, situation);
  return reason == Reason::None ? suspended(policy, table, situation) : reason;
}

}  // namespace pgconcord::policies
