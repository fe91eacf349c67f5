#include "proxy/wire/framer.h"

#include <algorithm>
#include <array>

#include "proxy/limits.h"
#include "proxy/wire/bytes.h"

namespace pgconcord::wire {
namespace {

constexpr std::size_t kHeader = 5;
// The longest length word of each message type; 0 = there is no such type (protocol.md 4.15, 4.16).
using LengthTable = std::array<std::uint32_t, 256>;

constexpr void set_all(LengthTable& table, std::string_view types, std::uint32_t length_max) {
  for (const char type : types) table[static_cast<unsigned char>(type)] = length_max;
}

constexpr LengthTable kClientLengths = [] {
  LengthTable table{};
  set_all(table, "QPBFd", kLargeMessageMax);
  set_all(table, "CDEHSXcf", kSmallMessageMax);
  set_all(table, "p", kAuthMessageMax);
  return table;
}();

constexpr LengthTable kServerLengths = [] {
  LengthTable table{};
  set_all(table, "123ACDEGHIKNRSTVWZcdnstv", 0x7FFFFFFF);
  return table;
}();

// Body bytes that must be at hand before the message is handed on.
std::uint32_t wanted_prefix(Peer from, char type, const Wanted& wanted) {
  constexpr std::uint32_t kAll = 0xFFFFFFFF;
  if (from == Peer::Client) {
    switch (type) {
      case 'Q':
      case 'P':
        return wanted.query_max;
      case 'B':
        return wanted.bind_max;
      case 'p':
        return wanted.auth_max;
      case 'D':
      case 'E':
      case 'C':
      case 'S':
        return kAll;
      default:
        return 0;
    }
  }
  switch (type) {
    case 'D':
      return wanted.row_max;
    case 'E':
    case 'N':
      return kErrorInspectMax;
    case 'C':
    case 'Z':
    case 'S':
    case 'R':
    case 'K':
    case 'v':
      return kErrorInspectMax;
    default:
      return 0;
  }
}

}  // namespace

std::string_view header_error(Peer from, char type, std::uint32_t length_word) {
  const LengthTable& lengths = from == Peer::Client ? kClientLengths : kServerLengths;
  const std::uint32_t length_max = lengths[static_cast<unsigned char>(type)];
  if (length_word >= 4 && length_word <= length_max) return {};
  if (length_word < 4 || length_max != 0) return "invalid message length";
  return from == Peer::Client ? "invalid frontend message type"
                              : "unknown message type from the server";
}

Step Framer::next(std::string_view& input, const Wanted& wanted) {
  if (delivered_) {
    partial_.clear();
    delivered_ = false;
    // A look-up's or statement's buffer is not kept for the life of an idle session.
    if (partial_.capacity() > 4096) partial_.shrink_to_fit();
  }
  if (remaining_ > 0) {
    if (input.empty()) return NeedMore{};
    const std::size_t take =
        static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
    const Rest rest{input.substr(0, take)};
    input.remove_prefix(take);
    remaining_ -= take;
    return rest;
  }
  return partial_.empty() ? start(input, wanted) : assemble(input, wanted);
}

Step Framer::start(std::string_view& input, const Wanted& wanted) {
  if (input.size() < kHeader) {
    partial_.assign(input);
    input = {};
    return NeedMore{};
  }
  const std::uint32_t length_word = load_u32(input.data() + 1);
  const std::string_view error = header_error(from_, input[0], length_word);
  if (!error.empty()) return WireError{std::string(error)};
  const std::uint32_t length = length_word - 4;
  const std::size_t want = std::min(length, wanted_prefix(from_, input[0], wanted));
  if (input.size() < kHeader + want) {
    partial_.assign(input);
    input = {};
    return NeedMore{};
  }
  const std::size_t take = static_cast<std::size_t>(
      std::min<std::uint64_t>(kHeader + std::uint64_t{length}, input.size()));
  Frame frame{input[0], length, input.substr(0, take), input.substr(kHeader, want), false, false};
  frame.whole = take == kHeader + std::size_t{length};
  remaining_ = kHeader + std::uint64_t{length} - take;
  input.remove_prefix(take);
  return frame;
}

Step Framer::assemble(std::string_view& input, const Wanted& wanted) {
  const auto fill_to = [&](std::size_t size) {
    const std::size_t take = std::min(size - std::min(size, partial_.size()), input.size());
    partial_.append(input.substr(0, take));
    input.remove_prefix(take);
    return partial_.size() >= size;
  };
  if (!fill_to(kHeader)) return NeedMore{};
  const std::uint32_t length_word = load_u32(partial_.data() + 1);
  const std::string_view error = header_error(from_, partial_[0], length_word);
  if (!error.empty()) return WireError{std::string(error)};
  const std::uint32_t length = length_word - 4;
  const std::size_t want = std::min(length, wanted_prefix(from_, partial_[0], wanted));
  if (!fill_to(kHeader + want)) return NeedMore{};
  delivered_ = true;
  Frame frame{partial_[0], length, partial_, std::string_view(partial_).substr(kHeader, want),
              false,       true};
  frame.whole = partial_.size() == kHeader + std::size_t{length};
  remaining_ = kHeader + std::uint64_t{length} - partial_.size();
  return frame;
}

}  // namespace pgconcord::wire
