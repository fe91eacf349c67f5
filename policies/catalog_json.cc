// The answer to kCatalogQuery -> Catalog. Strict: a missing or mistyped field is an error that
// names its path, because a fact that is silently false would let a write be changed that must not
// be.
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "policies/catalog.h"

namespace pgconcord::policies {
namespace {

using Json = nlohmann::json;

// Reads one object; the first thing that is wrong sticks and everything after it is skipped.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string path, std::string& error)
      : object_(object), path_(std::move(path)), error_(error) {
    if (!object.is_object()) fail("", "an object");
  }

  void read(const char* key, bool& out) {
    if (const Json* value = member(key, &Json::is_boolean, "true or false"))
      out = value->get<bool>();
  }
  void read(const char* key, std::string& out) {
    if (const Json* value = member(key, &Json::is_string, "a text"))
      out = value->get_ref<const std::string&>();
  }
  // A "char" of the server: no or one character.
  void read(const char* key, char& out) {
    std::string text;
    read(key, text);
    if (text.size() > 1) fail(key, "one character");
    if (text.size() == 1) out = text[0];
  }
  template <class Integer>
  void read_integer(const char* key, Integer& out) {
    const Json* value = member(key, &Json::is_number_integer, "a whole number");
    if (value == nullptr) return;
    const auto number = value->get<std::int64_t>();
    if (number < std::int64_t{std::numeric_limits<Integer>::min()} ||
        number > std::int64_t{std::numeric_limits<Integer>::max()}) {
      fail(key, "a number in range");
      return;
    }
    out = static_cast<Integer>(number);
  }
  void read(const char* key, std::vector<std::string>& out) {
    const Json* value = member(key, &Json::is_array, "a list");
    if (value == nullptr) return;
    for (const Json& item : *value) {
      if (!item.is_string()) return fail(key, "a list of texts");
      out.push_back(item.get_ref<const std::string&>());
    }
  }
  template <class T, class Decode>
  void read_list(const char* key, std::vector<T>& out, Decode decode) {
    const Json* value = member(key, &Json::is_array, "a list");
    if (value == nullptr) return;
    out.reserve(value->size());
    for (std::size_t i = 0; i < value->size() && error_.empty(); ++i) {
      ObjectReader item((*value)[i], path_ + key + "[" + std::to_string(i) + "].", error_);
      out.push_back(decode(item));
    }
  }
  void fail(std::string_view key, std::string_view expected) {
    if (error_.empty()) {
      error_ =
          "catalog answer: " + path_ + std::string(key) + ": expected " + std::string(expected);
    }
  }

 private:
  using IsKind = bool (Json::*)() const noexcept;
  const Json* member(const char* key, IsKind is_kind, std::string_view expected) {
    if (!error_.empty()) return nullptr;
    const auto found = object_.find(key);
    if (found == object_.end() || !((*found).*is_kind)()) {
      fail(key, expected);
      return nullptr;
    }
    return &*found;
  }

  const Json& object_;
  std::string path_;
  std::string& error_;
};

Column decode_column(ObjectReader& reader) {
  Column column;
  reader.read("name", column.name);
  reader.read_integer("number", column.number);
  reader.read("type", column.type);
  reader.read_integer("type_oid", column.type_oid);
  reader.read("has_type_modifier", column.has_type_modifier);
  reader.read("is_enum", column.is_enum);
  reader.read("is_domain", column.is_domain);
  reader.read("in_check", column.in_check);
  reader.read("collates_plainly", column.collates_plainly);
  reader.read("not_null", column.not_null);
  reader.read("has_default", column.has_default);
  reader.read("default", column.default_expression);
  reader.read("generated", column.generated);
  reader.read("generated_from", column.generated_from);
  reader.read("identity", column.identity);
  reader.read("sequence", column.sequence);
  reader.read("from_sequence", column.from_sequence);
  reader.read("in_any_index", column.in_any_index);
  reader.read("may_select", column.may_select);
  reader.read("may_insert", column.may_insert);
  reader.read("may_update", column.may_update);
  return column;
}

void read_kind(ObjectReader& reader, IndexKind& kind) {
  std::string text;
  reader.read("kind", text);
  if (text == "primary_key") {
    kind = IndexKind::PrimaryKey;
  } else if (text == "unique") {
    kind = IndexKind::Unique;
  } else if (text == "unique_index") {
    kind = IndexKind::UniqueIndex;
  } else if (text == "exclusion") {
    kind = IndexKind::Exclusion;
  } else {
    reader.fail("kind", "primary_key, unique, unique_index or exclusion");
  }
}

UniqueIndex decode_index(ObjectReader& reader) {
  UniqueIndex index;
  reader.read_integer("oid", index.oid);
  reader.read("name", index.name);
  read_kind(reader, index.kind);
  reader.read("columns", index.columns);
  reader.read("has_expressions", index.has_expressions);
  reader.read("elements", index.elements);
  reader.read("predicate", index.predicate);
  reader.read("referenced_columns", index.referenced_columns);
  reader.read("nulls_not_distinct", index.nulls_not_distinct);
  reader.read("immediate", index.immediate);
  reader.read("valid", index.valid);
  reader.read("ready", index.ready);
  reader.read_integer("parent", index.parent);
  return index;
}

Table decode_table(ObjectReader& reader) {
  Table table;
  reader.read_integer("oid", table.oid);
  reader.read("schema", table.schema);
  reader.read("name", table.name);
  reader.read("relkind", table.relkind);
  reader.read_integer("root", table.root);
  reader.read("is_inheritance_child", table.is_inheritance_child);
  reader.read("has_inheritance_children", table.has_inheritance_children);
  reader.read("has_insert_or_update_rules", table.has_insert_or_update_rules);
  reader.read("has_before_insert_row_trigger", table.has_before_insert_row_trigger);
  reader.read("has_instead_of_trigger", table.has_instead_of_trigger);
  reader.read("row_security_applies", table.row_security_applies);
  reader.read("partition_key_columns", table.partition_key_columns);
  reader.read_list("columns", table.columns, decode_column);
  reader.read_list("indexes", table.indexes, decode_index);
  reader.read("may_select", table.may_select);
  reader.read("may_insert", table.may_insert);
  reader.read("may_update", table.may_update);
  return table;
}

}  // namespace

tl::expected<Catalog, std::string> catalog_from_json(std::string_view json) {
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return tl::unexpected<std::string>("catalog answer: not JSON");
  std::string error;
  std::string role;
  std::uint32_t version = 0;
  bool may_create_temporary_tables = false;
  std::vector<Table> tables;
  ObjectReader reader(document, "", error);
  reader.read("role", role);
  reader.read_integer("server_version_num", version);
  reader.read("may_create_temporary_tables", may_create_temporary_tables);
  reader.read_list("tables", tables, decode_table);
  if (!error.empty()) return tl::unexpected(std::move(error));
  return Catalog(std::move(role), version, std::move(tables),
                 may_create_temporary_tables ? TemporaryTables::Allowed : TemporaryTables::Refused);
}

}  // namespace pgconcord::policies
