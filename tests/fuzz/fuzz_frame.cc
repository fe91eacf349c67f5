// No cut of a stream changes what the framer makes of it: the same messages, the same bytes. The
// first byte of the input says who speaks and how long the pieces are.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "proxy/wire/framer.h"

using namespace pgconcord::wire;

namespace {

std::string framed(Peer from, std::string_view stream, std::size_t size) {
  Framer framer(from);
  std::string types;
  std::string bytes;
  for (; !stream.empty(); stream.remove_prefix(std::min(size, stream.size()))) {
    const std::string piece(stream.substr(0, size));
    std::string_view input = piece;
    for (Step step = framer.next(input, Wanted{}); !std::holds_alternative<NeedMore>(step);
         step = framer.next(input, Wanted{})) {
      if (const auto* error = std::get_if<WireError>(&step))
        return types + bytes + std::string(error->message);
      if (const auto* frame = std::get_if<Frame>(&step)) types += frame->type;
      const auto* frame = std::get_if<Frame>(&step);
      bytes += frame != nullptr ? frame->raw : std::get<Rest>(step).raw;
    }
  }
  return types + bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Peer from = data[0] % 2 == 0 ? Peer::Client : Peer::Server;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (framed(from, stream, 1U + data[0] / 2U) != framed(from, stream, size)) std::abort();
  return 0;
}
