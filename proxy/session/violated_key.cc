#include "proxy/session/violated_key.h"

#include <xxhash.h>

#include <algorithm>
#include <cstddef>

#include "metrics/label_value.h"

namespace pgconcord::session {
namespace {

using metrics::KeySource;

// INDEX_MAX_KEYS
constexpr std::size_t kKeyColumnsMax = 32;

std::vector<std::string> split(std::string_view names) {
  std::vector<std::string> columns;
  while (columns.size() < kKeyColumnsMax) {
    const std::size_t comma = names.find(", ");
    columns.push_back(metrics::label_value(names.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    names.remove_prefix(comma + 2);
  }
  return columns;
}

// Where the column stands in the statement's list; nothing when it is left out or there is no list.
const parser::ColumnValues* values_of(const parser::Insert& insert, std::size_t at) {
  return at < insert.values.size() ? &insert.values[at] : nullptr;
}

// The names of the statement's target columns: its own list, or those of the table in order.
std::vector<std::string> targets(const parser::Insert& insert, const policies::Table* table) {
  std::vector<std::string> names = insert.columns;
  if (!names.empty() || table == nullptr || insert.source != parser::InsertSource::Values) {
    return names;
  }
  for (const policies::Column& column : table->columns) names.push_back(column.name);
  names.resize(std::min(names.size(), insert.values.size()));
  return names;
}

bool is_left_out(const parser::Insert& insert, const std::vector<std::string>& names,
                 std::string_view column) {
  const auto found = std::find(names.begin(), names.end(), column);
  if (found == names.end()) return true;
  const auto* values = values_of(insert, static_cast<std::size_t>(found - names.begin()));
  return values != nullptr && values->any_default;
}

}  // namespace

ViolatedKey violated_key(std::string_view detail, std::uint64_t seed) {
  const std::size_t open = detail.find('(');
  const std::size_t equals = detail.find(")=(");
  const std::size_t close = detail.rfind(')');
  if (open == std::string_view::npos || equals == std::string_view::npos || equals < open ||
      close <= equals + 2) {
    return {};
  }
  ViolatedKey key;
  key.columns = split(detail.substr(open + 1, equals - open - 1));
  key.hash = XXH3_64bits_withSeed(&detail[open], close - open, seed);
  return key;
}

KeySource key_source(const parser::Insert& insert, const std::vector<std::string>& key,
                     const policies::Table* table) {
  if (insert.source == parser::InsertSource::DefaultValues) return KeySource::Generated;
  const std::vector<std::string> names = targets(insert, table);
  if (key.empty() || names.empty()) return KeySource::Unknown;
  for (const std::string& column : key) {
    if (!is_left_out(insert, names, column)) continue;
    const policies::Column* known =
        table != nullptr ? policies::find_column(*table, column) : nullptr;
    if (known != nullptr) return known->from_sequence ? KeySource::Generated : KeySource::Supplied;
    return key.size() == 1 ? KeySource::Generated : KeySource::Unknown;
  }
  return KeySource::Supplied;
}

std::string key_sequence(const std::vector<std::string>& key, const policies::Table* table) {
  if (table == nullptr) return {};
  for (const std::string& column : key) {
    const policies::Column* known = policies::find_column(*table, column);
    if (known != nullptr && !known->sequence.empty()) return known->sequence;
  }
  return {};
}

}  // namespace pgconcord::session
