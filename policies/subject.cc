#include "policies/subject.h"

#include <algorithm>
#include <cstddef>

namespace pgconcord::policies {
// Without a list rows start with the table's first column.
std::optional<std::size_t> place_of(const parser::Insert& insert, const Table& table,
                                    const Column& column) {
  if (insert.columns.empty()) {
    const auto own = std::find_if(table.columns.begin(), table.columns.end(),
                                  [&](const Column& each) { return each.number == column.number; });
    return static_cast<std::size_t>(own - table.columns.begin());
  }
  const auto named = std::find(insert.columns.begin(), insert.columns.end(), column.name);
  if (named == insert.columns.end()) return std::nullopt;
  return static_cast<std::size_t>(named - insert.columns.begin());
}

Given given(const parser::Insert& insert, const Table& table, const Column& column) {
  const bool overruled =
      insert.overriding == parser::Overriding::UserValue && column.identity != '\0';
  if (overruled || column.generated) return Given::Default;
  const auto at = place_of(insert, table, column);
  switch (insert.source) {
    case parser::InsertSource::DefaultValues:
      return Given::Default;
    case parser::InsertSource::Query:
      if (insert.columns.empty()) return Given::Unknown;
      return at ? Given::Value : Given::Default;
    case parser::InsertSource::Values:
      // A DEFAULT in one row of several counts for the column: the default must never overwrite a
      // stored value.
      return !at || *at >= insert.values.size() || insert.values[*at].any_default ? Given::Default
                                                                                  : Given::Value;
  }
  return Given::Unknown;
}

bool gives_null(const parser::Insert& insert, const Table& table, const Column& column) {
  if (insert.source != parser::InsertSource::Values) return false;
  const auto at = place_of(insert, table, column);
  return at && *at < insert.values.size() && insert.values[*at].any_null;
}

}  // namespace pgconcord::policies
