// What the proxy knows of the database: the tables that policies name, as one role sees them.
// Immutable once built. Filled from the rows of kCatalogQuery, over a client's session at its start
// or over an own connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace pgconcord::policies {

using Oid = std::uint32_t;

struct Column {
  std::string name;
  std::int16_t number = 0;  // attnum
  std::string type;         // format_type
  Oid type_oid = 0;
  bool has_type_modifier = false;  // varchar(3), numeric(10,2): a stored value may differ
  bool is_enum = false;
  bool is_domain = false;
  bool in_check = false;         // a CHECK constraint of the table reads it
  bool collates_plainly = true;  // equal means the same bytes, as far as the collation goes
  bool not_null = false;
  bool has_default = false;
  std::string default_expression;  // ready SQL of the column's own; empty where there is none
  bool generated = false;          // GENERATED ALWAYS AS (...) STORED/VIRTUAL
  std::vector<std::string> generated_from;  // the columns its expression reads
  char identity = '\0';                     // 'a' ALWAYS, 'd' BY DEFAULT
  std::string sequence;  // schema.name of the sequence the default draws from; empty = none
  // Identity, or a default that calls nextval in any form or a volatile function of the user's,
  // which may hide it.
  bool from_sequence = false;
  bool in_any_index = false;
  bool may_select = false, may_insert = false, may_update = false;  // privileges of the role
};

enum class IndexKind : std::uint8_t { PrimaryKey, Unique, UniqueIndex, Exclusion };

struct UniqueIndex {
  Oid oid = 0;
  std::string name;  // constraint name, or index name where there is no constraint
  IndexKind kind = IndexKind::Unique;
  std::vector<std::string> columns;  // key columns that are plain columns, in order
  bool has_expressions = false;
  std::string elements;   // ready text of all key elements, from pg_get_indexdef
  std::string predicate;  // pg_get_expr; empty = full index
  // Every column in elements and predicate: SELECT is needed on them.
  std::vector<std::string> referenced_columns;
  bool nulls_not_distinct = false;
  bool immediate = true;  // false = deferrable
  bool valid = true, ready = true;
  Oid parent = 0;  // partitioned index this leaf index belongs to; 0 = none
};

struct Table {
  Oid oid = 0;
  std::string schema, name;
  char relkind = 'r';  // r, p, v, m, f ...
  Oid root = 0;        // topmost partitioned table; 0 = not a partition
  // Plain inheritance, not partitions.
  bool is_inheritance_child = false, has_inheritance_children = false;
  bool has_insert_or_update_rules = false;
  bool has_before_insert_row_trigger = false;  // the table's own, or one of a partition below it
  bool has_instead_of_trigger = false;
  bool row_security_applies = false;  // relrowsecurity and the role does not bypass it
  // Of the table itself, of the partitioned tables above it and of those below it: an update must
  // not touch them.
  std::vector<std::string> partition_key_columns;
  // By attnum, dropped ones left out. Empty for a partition that is known only through the table
  // above it.
  std::vector<Column> columns;
  std::vector<UniqueIndex> indexes;
  bool may_select = false, may_insert = false, may_update = false;  // table level
};

enum class TemporaryTables : std::uint8_t { Refused, Allowed };

class Catalog {
 public:
  Catalog(std::string role, std::uint32_t server_version_num, std::vector<Table> tables,
          TemporaryTables temporary_tables = TemporaryTables::Refused);
  const std::string& role() const { return role_; }
  bool may_create_temporary_tables() const { return temporary_tables_ == TemporaryTables::Allowed; }
  std::uint32_t server_version_num() const { return server_version_num_; }
  // Unique in the process: part of a plan's cache key.
  std::uint64_t id() const { return id_; }
  const std::vector<Table>& tables() const { return tables_; }
  const Table* find(Oid oid) const;
  const Table* find(std::string_view schema, std::string_view name) const;
  // The partitioned table above `table`, when the catalog has it; else `table` itself.
  const Table& root_of(const Table& table) const;

  // The table and index a violation names, a leaf partition mapped to its root; nullptr/nullptr
  // when unknown. An index that exists only on the leaf stays the leaf's: it is then none of
  // `table->indexes`. REINDEX CONCURRENTLY's copies (_ccnew, _ccold) stand for the index they
  // replace (rewrite.md A20).
  struct Located {
    const Table* table = nullptr;
    const UniqueIndex* index = nullptr;
  };
  Located locate(std::string_view schema, std::string_view table,
                 std::string_view constraint) const;

 private:
  std::string role_;
  std::uint32_t server_version_num_;
  TemporaryTables temporary_tables_;
  std::uint64_t id_;
  std::vector<Table> tables_;
};

// One text query, schema-qualified down to operators (protocol.md 5.4), that returns one row and
// one column: JSON. It covers every relation whose bare name is one of `names`, in any schema, with
// the partitions below it. $1 text[]: those bare names. Only bound parameters, no client text.
extern const std::string_view kCatalogQuery;
// The value of $1, in array text form.
std::string catalog_query_names(const std::vector<std::string>& bare_names);
// The single JSON value -> Catalog.
[[nodiscard]] tl::expected<Catalog, std::string> catalog_from_json(std::string_view json);

// nullptr when the table has none of that name.
const Column* find_column(const Table& table, std::string_view name);
const UniqueIndex* find_index(const Table& table, std::string_view name);
// The index a violation of this table names, the suffixes of REINDEX CONCURRENTLY aside.
const UniqueIndex* violated_index(const Table& table, std::string_view constraint);
// By OID.
bool has_index(const Table& table, const UniqueIndex& index);

}  // namespace pgconcord::policies
