// Cuts one direction's byte stream into messages without waiting for more than is needed of each.
//
// Flow: call next() with the bytes at hand until it answers NeedMore. A message starts as a Frame
// as soon as the wanted prefix of its body is there; what is left of a long body follows as Rest
// pieces. Views point into the input, or into the framer (`assembled`), where they hold until the
// next call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace pgconcord::wire {

enum class Peer : std::uint8_t { Client, Server };

// How much of a body must be at hand before its Frame is given; anything not listed has a fixed
// need.
struct Wanted {
  std::uint32_t query_max = 1024 * 1024;  // Query and Parse
  std::uint32_t bind_max = 256;           // Bind: its two names, or all of it where it may be kept
  std::uint32_t row_max = 0;              // DataRow: only those that answer a look-up of our own
  std::uint32_t auth_max = 0;  // password and SASL messages, where the proxy answers them
};

struct Frame {
  char type = 0;
  std::uint32_t length = 0;  // of the body, without the length word
  std::string_view raw;      // type, length word and the body bytes at hand
  std::string_view body;     // the wanted prefix of the body; all of it where complete()
  bool whole = false;        // `raw` is the whole message
  bool assembled = false;    // `raw` points into the framer
  bool complete() const { return body.size() == length; }
};
struct Rest {
  std::string_view raw;
};
struct NeedMore {};
struct WireError {
  std::string_view message;  // of static storage
};

using Step = std::variant<NeedMore, Frame, Rest, WireError>;

class Framer {
 public:
  explicit Framer(Peer from) : from_(from) {}

  // Nearly always at the start of `input` a message stands whole: then it is consumed, and this is
  // all of next(), for less. False: ask next().
  bool whole(std::string_view& input, const Wanted& wanted, Frame& frame) const;

  // Consumes from `input` what it answers with or keeps.
  Step next(std::string_view& input, const Wanted& wanted);

  // True between messages: nothing of the next one was seen.
  bool at_boundary() const { return remaining_ == 0 && (partial_.empty() || delivered_); }
  // True when the start of a message was given out and the rest of it is still to come.
  bool inside_message() const { return remaining_ > 0; }
  // The bytes of an incomplete message that were kept.
  std::size_t kept_bytes() const { return delivered_ ? 0 : partial_.size(); }

 private:
  Step start(std::string_view& input, const Wanted& wanted);
  Step assemble(std::string_view& input, const Wanted& wanted);

  std::string partial_;
  std::uint64_t remaining_ = 0;  // bytes of the current message still to come as Rest
  Peer from_;
  bool delivered_ = false;  // partial_ was given out and is dropped at the next call
};

// The size of the whole messages of that type that `bytes` begins with: rows of a result or of a
// COPY, which come in runs and are all treated alike.
std::size_t run_size(std::string_view bytes, char type);

// Why a header is not acceptable; empty when it is (protocol.md 4.15, 4.16).
std::string_view header_error(Peer from, char type, std::uint32_t length_word);

}  // namespace pgconcord::wire
