// Private to decide(): one INSERT under one policy with everything known that gates and clauses
// look at. References; lives during one decide().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "parser/statement.h"
#include "policies/catalog.h"
#include "policies/decide.h"
#include "policies/policy.h"

namespace pgconcord::policies {

struct Subject {
  const parser::Insert& insert;
  const Policy& policy;
  const Table& table;
  const UniqueIndex& arbiter;
  const Situation& situation;
};

// What the statement gives a column of its rows.
enum class Given : std::uint8_t {
  Value,
  Default,  // left out, or DEFAULT in at least one row, or overruled by OVERRIDING USER VALUE
  Unknown,  // INSERT ... SELECT without a column list: nobody says how many columns there are
};
Given given(const parser::Insert& insert, const Table& table, const Column& column);

// Where the column stands in the statement's rows; nothing when it is not named.
std::optional<std::size_t> place_of(const parser::Insert& insert, const Table& table,
                                    const Column& column);

// True when the statement writes a literal NULL for the column in some row.
bool gives_null(const parser::Insert& insert, const Table& table, const Column& column);

}  // namespace pgconcord::policies
