#include "proxy/wire/framer.h"

#include <algorithm>
#include <array>

#include "proxy/limits.h"
#include "proxy/wire/bytes.h"

namespace pgconcord::wire {
namespace {

constexpr std::size_t kHeader = 5;

// How much of a body is wanted; the numbers are in Wanted where they are not fixed.
enum class Want : std::uint8_t { Nothing, All, Excerpt, Query, Bind, Row, Login };

// The longest length word, 0 = there is no such type (protocol.md 4.15, 4.16); what of it is read.
struct MessageKind {
  std::uint32_t length_max = 0;
  Want want = Want::Nothing;
};
using MessageKinds = std::array<MessageKind, 256>;

constexpr void set_all(MessageKinds& kinds, std::string_view types, MessageKind kind) {
  for (const char type : types) kinds[static_cast<unsigned char>(type)] = kind;
}

constexpr MessageKinds kClientKinds = [] {
  MessageKinds kinds{};
  set_all(kinds, "QP", {kLargeMessageMax, Want::Query});
  set_all(kinds, "B", {kLargeMessageMax, Want::Bind});
  set_all(kinds, "Fd", {kLargeMessageMax, Want::Nothing});
  set_all(kinds, "CDES", {kSmallMessageMax, Want::All});
  set_all(kinds, "HXcf", {kSmallMessageMax, Want::Nothing});
  set_all(kinds, "p", {kAuthMessageMax, Want::Login});
  return kinds;
}();

constexpr MessageKinds kServerKinds = [] {
  constexpr std::uint32_t kAny = 0x7FFFFFFF;
  MessageKinds kinds{};
  set_all(kinds, "123AGHITVWcdnst", {kAny, Want::Nothing});
  set_all(kinds, "CEKNRSZv", {kAny, Want::Excerpt});
  set_all(kinds, "D", {kAny, Want::Row});
  return kinds;
}();

const MessageKind& kind_of(Peer from, char type) {
  const MessageKinds& kinds = from == Peer::Client ? kClientKinds : kServerKinds;
  return kinds[static_cast<unsigned char>(type)];
}

// Body bytes that must be at hand before the message is handed on.
std::size_t wanted_prefix(Want want, std::uint32_t length, const Wanted& wanted) {
  switch (want) {
    case Want::Nothing:
      return 0;
    case Want::All:
      return length;
    case Want::Excerpt:
      return std::min<std::size_t>(length, kErrorInspectMax);
    case Want::Query:
      return std::min(length, wanted.query_max);
    case Want::Bind:
      return std::min(length, wanted.bind_max);
    case Want::Row:
      return std::min(length, wanted.row_max);
    case Want::Login:
      return std::min(length, wanted.auth_max);
  }
  return 0;
}

}  // namespace

std::string_view header_error(Peer from, char type, std::uint32_t length_word) {
  const std::uint32_t length_max = kind_of(from, type).length_max;
  if (length_word >= 4 && length_word <= length_max) return {};
  if (length_word < 4 || length_max != 0) return "invalid message length";
  return from == Peer::Client ? "invalid frontend message type"
                              : "unknown message type from the server";
}

std::size_t run_size(std::string_view bytes, char type) {
  std::size_t size = 0;
  while (bytes.size() - size >= kHeader && bytes[size] == type) {
    const std::uint32_t length_word = load_u32(bytes.data() + size + 1);
    if (length_word < 4 || length_word >= bytes.size() - size) break;
    size += 1 + std::size_t{length_word};
  }
  return size;
}

bool Framer::whole(std::string_view& input, const Wanted& wanted, Frame& frame) const {
  if (remaining_ > 0 || !partial_.empty() || input.size() < kHeader) return false;
  const MessageKind& kind = kind_of(from_, input[0]);
  const std::uint32_t length_word = load_u32(input.data() + 1);
  if (length_word < 4 || length_word > kind.length_max || length_word >= input.size()) return false;
  const std::uint32_t length = length_word - 4;
  const std::size_t want = wanted_prefix(kind.want, length, wanted);
  frame = {input[0],
           length,
           {input.data(), 1 + std::size_t{length_word}},
           {input.data() + kHeader, want},
           true,
           false};
  input.remove_prefix(1 + std::size_t{length_word});
  return true;
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
  if (!error.empty()) return WireError{error};
  const std::uint32_t length = length_word - 4;
  const std::size_t want = wanted_prefix(kind_of(from_, input[0]).want, length, wanted);
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
  if (!error.empty()) return WireError{error};
  const std::uint32_t length = length_word - 4;
  const std::size_t want = wanted_prefix(kind_of(from_, partial_[0]).want, length, wanted);
  if (!fill_to(kHeader + want)) return NeedMore{};
  delivered_ = true;
  Frame frame{partial_[0], length, partial_, std::string_view(partial_).substr(kHeader, want),
              false,       true};
  frame.whole = partial_.size() == kHeader + std::size_t{length};
  remaining_ = kHeader + std::uint64_t{length} - partial_.size();
  return frame;
}

}  // namespace pgconcord::wire
