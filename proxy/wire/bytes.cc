#include "proxy/wire/bytes.h"

namespace pgconcord::wire {

std::string_view ByteReader::take(std::size_t count) {
  if (!ok_ || rest_.size() < count) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint8_t ByteReader::u8() {
  const std::string_view bytes = take(1);
  return bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes[0]);
}

std::uint16_t ByteReader::u16() {
  const std::string_view bytes = take(2);
  if (bytes.empty()) return 0;
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 |
                                    static_cast<unsigned char>(bytes[1]));
}

std::uint32_t ByteReader::u32() {
  const std::string_view bytes = take(4);
  return bytes.empty() ? 0 : load_u32(bytes.data());
}

std::string_view ByteReader::string() {
  const std::size_t end = rest_.find('\0');
  if (end == std::string_view::npos) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view text = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return text;
}

namespace {
void put_u32(std::string& out, std::size_t at, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out[at++] = static_cast<char>(value >> shift & 0xFF);
}
}  // namespace

void ByteWriter::begin(char type) {
  out_.push_back(type);
  length_at_ = out_.size();
  out_.append(4, '\0');
}

void ByteWriter::u16(std::uint16_t value) {
  out_.push_back(static_cast<char>(value >> 8));
  out_.push_back(static_cast<char>(value & 0xFF));
}

void ByteWriter::u32(std::uint32_t value) {
  out_.append(4, '\0');
  put_u32(out_, out_.size() - 4, value);
}

void ByteWriter::string(std::string_view text) {
  out_.append(text);
  out_.push_back('\0');
}

void ByteWriter::end() {
  put_u32(out_, length_at_, static_cast<std::uint32_t>(out_.size() - length_at_));
}

}  // namespace pgconcord::wire
