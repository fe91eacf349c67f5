// `duplicates: first | last`: rows of one VALUES list that name a key twice, told apart by their
// literals. ON CONFLICT DO UPDATE would refuse them (21000, rewrite.md A9), so all but one are left
// out of the text. Equal and distinct must both be certain; else nothing is done.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "parser/edit.h"
#include "parser/outline.h"
#include "parser/statement.h"
#include "policies/catalog.h"
#include "policies/policy.h"

namespace pgconcord::policies {

struct RowKey {
  enum class Kind : std::uint8_t { Number, Text, Uuid };
  std::size_t place = 0;  // in the rows
  Kind kind = Kind::Text;
};

struct RowKeys {
  // False: keys cannot be compared by their text, which is fine for a single row only.
  bool comparable = false;
  bool nulls_are_equal = false;
  std::vector<RowKey> keys;
};

// By statement, table and index alone.
RowKeys row_keys_of(const parser::Insert& insert, const Table& table, const UniqueIndex& arbiter);

enum class RowsOutcome : std::uint8_t { AllDistinct, SomeLeftOut, NotProven };

struct RowsFound {
  RowsOutcome outcome = RowsOutcome::NotProven;
  // SomeLeftOut: the edit that leaves them out and adds the clause.
  parser::TextEdit edit;
};

// Of one text. `kept` is not Duplicates::Error.
RowsFound find_duplicates(const RowKeys& keys, Duplicates kept, std::string_view sql,
                          const parser::StatementSpan& statement, std::string_view clause);

}  // namespace pgconcord::policies
