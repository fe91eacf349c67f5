// Reading and writing protocol values. The reader is bounds-checked with a sticky error: read
// everything, ask ok() once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgconcord::wire {

inline std::uint32_t load_u32(const char* at) {
  const auto byte = [at](int i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i]));
  };
  return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::string_view string();  // up to a NUL, which is consumed
  std::string_view take(std::size_t count);

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// Builds messages into one string; begin() leaves room for the length, end() fills it in.
class ByteWriter {
 public:
  void begin(char type);
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void string(std::string_view text);  // with the NUL
  void raw(std::string_view bytes) { out_.append(bytes); }
  void end();

  const std::string& bytes() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::size_t length_at_ = 0;
};

}  // namespace pgconcord::wire
