// The rows of an INSERT's top-level VALUES list as they stand in the text: for comparing literals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "parser/outline.h"

namespace pgconcord::parser {

// One value of a row.
struct ItemText {
  enum class Kind : std::uint8_t {
    Null,
    Number,  // unsigned, one token
    String,  // '...' without a prefix, one token
    Other,
  };
  Kind kind = Kind::Other;
  std::string_view text;
};

struct RowText {
  std::size_t begin = 0;  // bytes of the text, brackets included
  std::size_t end = 0;
  bool has_parameter = false;
  std::vector<ItemText> items;
};

// Empty when the list is not found with as many rows as the outline counted.
std::vector<RowText> row_texts(std::string_view sql, const StatementSpan& statement);

}  // namespace pgconcord::parser
