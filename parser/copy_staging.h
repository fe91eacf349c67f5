// A COPY ... FROM STDIN by way of a staging table (rewrite.md section 4): the rows go into a
// temporary table, and from there by INSERT ... SELECT ... ON CONFLICT to where they belong. What
// it is made of, its statements, and the proof that they are what was meant.
//
// Rows are told apart by `ctid`. A heap table of this transaction is filled from one end to the
// other (the server looks for no free space in it) and a temporary one is never scanned from its
// middle, so the order of ctid is that of the data, and a plain scan yields it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parser/edit.h"
#include "parser/outline.h"
#include "parser/statement.h"

namespace pgconcord::parser {

inline constexpr std::string_view kStagingTable = "__pgconcord_copy";
inline constexpr std::string_view kStagingKey = "__pgconcord_key";

struct Staging {
  // Of rows that name the key twice.
  enum class Repeats : std::uint8_t {
    InOrder,  // the clause meets them one after the other
    Refused,  // an error at the second one, as in a COPY into the table itself
    FirstKept,
    LastKept,
  };
  std::vector<std::string> columns;  // in the order of the data, unquoted
  // Column, ready SQL: where the data may say DEFAULT.
  std::vector<std::pair<std::string, std::string>> defaults;
  bool overrides_identity = false;
  Repeats repeats = Repeats::InOrder;
  // The key, as in UniqueIndex; not for InOrder.
  std::string key_elements, key_predicate;
  bool nulls_not_distinct = false;
};

// The statements, in the order they are to be run.
struct StagedCopy {
  std::vector<std::string> before;
  std::string copy;
  std::string merge;
  std::string after;
  // From the first byte on `copy` is the client's own text from the second byte on.
  std::size_t kept_at = 0;
  std::size_t kept_from = 0;

  [[nodiscard]] std::size_t size() const { return before.size() + 3; }
};

// By template: `copy` may come from another text of it.
StagedCopy staged_copy(const Copy& copy, const Staging& staging, std::string_view clause,
                       std::string_view sql, const StatementSpan& statement);

// All of them in the place of the statement.
TextEdit staged_copy_edit(const StagedCopy& staged, const StatementSpan& statement);

// I2: `edited` is the text of `original`, which is one COPY, with that edit: the COPY is the same
// but for where it goes to, and the others are what they are alone and name the client's table.
[[nodiscard]] bool proves_staged_copy(std::string_view original, std::string_view edited,
                                      const StagedCopy& staged, const Staging& staging);

}  // namespace pgconcord::parser
