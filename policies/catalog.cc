#include "policies/catalog.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace pgconcord::policies {
namespace {

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

void add_missing(std::vector<std::string>& names, const std::vector<std::string>& more) {
  for (const std::string& name : more) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
}

// REINDEX CONCURRENTLY names its copies NAME_ccnew and NAME_ccold, with a number where that is
// taken.
std::string_view without_reindex_suffix(std::string_view name) {
  std::string_view stem = name.substr(0, name.find_last_not_of("0123456789") + 1);
  for (const std::string_view suffix : {"_ccnew", "_ccold"}) {
    if (stem.ends_with(suffix)) return stem.substr(0, stem.size() - suffix.size());
  }
  return name;
}

const UniqueIndex* index_with_oid(const std::vector<Table>& tables, Oid oid) {
  for (const Table& table : tables) {
    for (const UniqueIndex& index : table.indexes) {
      if (index.oid == oid) return &index;
    }
  }
  return nullptr;
}

}  // namespace

Catalog::Catalog(std::string role, std::uint32_t server_version_num, std::vector<Table> tables,
                 TemporaryTables temporary_tables)
    : role_(std::move(role)),
      server_version_num_(server_version_num),
      temporary_tables_(temporary_tables),
      id_(next_id()),
      tables_(std::move(tables)) {
  std::sort(tables_.begin(), tables_.end(),
            [](const Table& a, const Table& b) { return a.oid < b.oid; });
  // A row that goes through the root meets the triggers and the partition keys of the tables below
  // it.
  for (const Table& part : tables_) {
    if (part.root == 0) continue;
    auto root = std::find_if(tables_.begin(), tables_.end(),
                             [&](const Table& table) { return table.oid == part.root; });
    if (root == tables_.end()) continue;
    root->has_before_insert_row_trigger |= part.has_before_insert_row_trigger;
    add_missing(root->partition_key_columns, part.partition_key_columns);
  }
}

const Table* Catalog::find(Oid oid) const {
  const auto found =
      std::lower_bound(tables_.begin(), tables_.end(), oid,
                       [](const Table& table, Oid wanted) { return table.oid < wanted; });
  return found != tables_.end() && found->oid == oid ? &*found : nullptr;
}

const Table* Catalog::find(std::string_view schema, std::string_view name) const {
  for (const Table& table : tables_) {
    if (table.name == name && table.schema == schema) return &table;
  }
  return nullptr;
}

const Table& Catalog::root_of(const Table& table) const {
  const Table* root = table.root == 0 ? nullptr : find(table.root);
  return root == nullptr ? table : *root;
}

Catalog::Located Catalog::locate(std::string_view schema, std::string_view table,
                                 std::string_view constraint) const {
  const Table* leaf = find(schema, table);
  if (leaf == nullptr) return {};
  const UniqueIndex* index = violated_index(*leaf, constraint);
  if (index == nullptr) return {};
  const Table& root = root_of(*leaf);
  if (&root == leaf) return {leaf, index};
  // Up through every level of partitioning; a chain that ends below the root leaves the leaf's own
  // index.
  const UniqueIndex* top = index;
  while (top->parent != 0) {
    const UniqueIndex* parent = index_with_oid(tables_, top->parent);
    if (parent == nullptr) break;
    top = parent;
  }
  return {&root, has_index(root, *top) ? top : index};
}

const Column* find_column(const Table& table, std::string_view name) {
  for (const Column& column : table.columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

const UniqueIndex* find_index(const Table& table, std::string_view name) {
  for (const UniqueIndex& index : table.indexes) {
    if (index.name == name) return &index;
  }
  return nullptr;
}

const UniqueIndex* violated_index(const Table& table, std::string_view constraint) {
  const UniqueIndex* index = find_index(table, constraint);
  return index != nullptr ? index : find_index(table, without_reindex_suffix(constraint));
}

bool has_index(const Table& table, const UniqueIndex& index) {
  return std::any_of(table.indexes.begin(), table.indexes.end(),
                     [&](const UniqueIndex& own) { return own.oid == index.oid; });
}

}  // namespace pgconcord::policies
