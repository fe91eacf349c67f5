#include "policies/subject.h"

#include <algorithm>
#include <cstddef>

namespace pgconcord::policies {
namespace {

constexpr std::size_t kNotNamed = static_cast<std::size_t>(-1);

// Where the column stands in the statement's rows. Without a list rows start with the table's first
// column.
std::size_t place(const parser::Insert& insert, const Table& table, const Column& column) {
  if (insert.columns.empty()) {
    const auto own = std::find_if(table.columns.begin(), table.columns.end(),
                                  [&](const Column& each) { return each.number == column.number; });
    return static_cast<std::size_t>(own - table.columns.begin());
  }
  const auto named = std::find(insert.columns.begin(), insert.columns.end(), column.name);
  return named == insert.columns.end() ? kNotNamed
                                       : static_cast<std::size_t>(named - insert.columns.begin());
}

}  // namespace

Given given(const parser::Insert& insert, const Table& table, const Column& column) {
  const bool overruled =
      insert.overriding == parser::Overriding::UserValue && column.identity != '\0';
  if (overruled || column.generated) return Given::Default;
  const std::size_t at = place(insert, table, column);
  switch (insert.source) {
    case parser::InsertSource::DefaultValues:
      return Given::Default;
    case parser::InsertSource::Query:
      if (insert.columns.empty()) return Given::Unknown;
      return at == kNotNamed ? Given::Default : Given::Value;
    case parser::InsertSource::Values:
      // A DEFAULT in one row of several counts for the column: the default must never overwrite a
      // stored value.
      return at >= insert.values.size() || insert.values[at].any_default ? Given::Default
                                                                         : Given::Value;
  }
  return Given::Unknown;
}

bool gives_null(const parser::Insert& insert, const Table& table, const Column& column) {
  if (insert.source != parser::InsertSource::Values) return false;
  const std::size_t at = place(insert, table, column);
  return at < insert.values.size() && insert.values[at].any_null;
}

}  // namespace pgconcord::policies
