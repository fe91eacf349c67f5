#include "metrics/label_value.h"

#include <array>
#include <cstdint>

namespace pgconcord::metrics {
namespace {

// RFC 3629 section 4: which lead bytes there are and what may follow them, without overlong forms
// and surrogates.
struct Sequence {
  std::uint8_t first_lead, last_lead;
  std::size_t bytes;
  std::uint8_t first_second, last_second;
};
constexpr std::array<Sequence, 8> kSequences = {{{0xC2, 0xDF, 2, 0x80, 0xBF},
                                                 {0xE0, 0xE0, 3, 0xA0, 0xBF},
                                                 {0xE1, 0xEC, 3, 0x80, 0xBF},
                                                 {0xED, 0xED, 3, 0x80, 0x9F},
                                                 {0xEE, 0xEF, 3, 0x80, 0xBF},
                                                 {0xF0, 0xF0, 4, 0x90, 0xBF},
                                                 {0xF1, 0xF3, 4, 0x80, 0xBF},
                                                 {0xF4, 0xF4, 4, 0x80, 0x8F}}};

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

bool continues(std::string_view text, const Sequence& sequence) {
  if (text.size() < sequence.bytes) return false;
  const std::uint8_t second = byte_at(text, 1);
  if (second < sequence.first_second || second > sequence.last_second) return false;
  for (std::size_t i = 2; i < sequence.bytes; ++i) {
    if ((byte_at(text, i) & 0xC0) != 0x80) return false;
  }
  return true;
}

// Bytes of the character `text` starts with; 0 if it starts with none.
std::size_t character_bytes(std::string_view text) {
  const std::uint8_t lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  for (const Sequence& sequence : kSequences) {
    if (lead >= sequence.first_lead && lead <= sequence.last_lead) {
      return continues(text, sequence) ? sequence.bytes : 0;
    }
  }
  return 0;
}

// C0, DEL and C1 (U+0080 to U+009F are C2 80 to C2 9F).
bool is_control(std::string_view character) {
  const std::uint8_t lead = byte_at(character, 0);
  return lead < 0x20 || lead == 0x7F || (lead == 0xC2 && byte_at(character, 1) < 0xA0);
}

}  // namespace

std::string label_value(std::string_view raw) {
  std::string value;
  while (!raw.empty()) {
    const std::size_t bytes = character_bytes(raw);
    const bool keep = bytes > 0 && !is_control(raw.substr(0, bytes));
    const std::string_view next = keep ? raw.substr(0, bytes) : std::string_view("?");
    if (value.size() + next.size() > kLabelBytesMax) break;
    value += next;
    raw.remove_prefix(bytes > 0 ? bytes : 1);
  }
  return value;
}

}  // namespace pgconcord::metrics
