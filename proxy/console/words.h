// The tokens of one statement of the console, comments left out. Not a reader of SQL: what it does
// not know is a symbol, and the statement then an unknown one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgconcord::console {

struct Word {
  enum class Kind : std::uint8_t { Name, Quoted, String, Number, Symbol };
  Kind kind = Kind::Symbol;
  std::string text;       // Name: in lower case; Quoted and String: what they stand for
  std::size_t begin = 0;  // in the statement, in bytes
  std::size_t end = 0;
};

std::vector<Word> words_of(std::string_view sql);

}  // namespace pgconcord::console
