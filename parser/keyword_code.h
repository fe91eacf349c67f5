// Private: keywords as numbers, so that a word is told apart by one comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pgconcord::parser {

// The first eight bytes of a lower-case word, zero-padded, first byte lowest. Words longer than
// that share a code with others: their length and tail must be compared too.
constexpr std::uint64_t keyword_code(std::string_view word) {
  std::uint64_t code = 0;
  for (std::size_t i = 0; i < word.size() && i < 8; ++i) {
    code |= static_cast<std::uint64_t>(static_cast<unsigned char>(word[i])) << (8 * i);
  }
  return code;
}

// Lower-cases the ASCII letters among eight bytes at once; bytes above 0x7f stay, as the server has
// it for UTF-8.
constexpr std::uint64_t lower_case(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t low_bits = bytes & (0x7f * kOnes);
  const std::uint64_t above_z = low_bits + (0x7f - 'Z') * kOnes;
  const std::uint64_t from_a = low_bits + (0x80 - 'A') * kOnes;
  const std::uint64_t upper = ~bytes & (from_a ^ above_z) & (0x80 * kOnes);
  return bytes | (upper >> 2);
}

// Reads up to eight bytes of a word, the rest zero. `readable` bytes of text follow `from`.
inline std::uint64_t load_word(const char* from, std::size_t size, std::size_t readable) {
  std::uint64_t bytes = 0;
  if (readable >= 8) {
    std::memcpy(&bytes, from, 8);
    return size >= 8 ? bytes : bytes & ((std::uint64_t{1} << (8 * size)) - 1);
  }
  for (std::size_t i = size; i > 0; --i) {
    bytes = bytes << 8 | static_cast<unsigned char>(from[i - 1]);
  }
  return bytes;
}

}  // namespace pgconcord::parser
