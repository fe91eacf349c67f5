// protocol.md 4.15 to 4.20: what is refused from its header, how little is kept, and that no cut of
// a stream changes what comes out of it.
#include "proxy/wire/framer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "proxy/limits.h"
#include "tests/support/message_text.h"

namespace pgconcord::wire {
namespace {

using namespace std::string_literals;

std::string stream_of(std::initializer_list<const char*> lines) {
  std::string stream;
  for (const char* line : lines) stream += test_support::message_bytes(line).value();
  return stream;
}

std::string header(char type, std::uint32_t length_word) {
  std::string bytes(1, type);
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(length_word >> shift & 0xFF);
  }
  return bytes;
}

struct Seen {
  std::string bytes;   // frames and rests, one behind the other
  std::string starts;  // the types of the frames
  std::vector<std::string> bodies;
  std::string error;
  friend bool operator==(const Seen&, const Seen&) = default;
};

// Hands the stream in as the pieces of these sizes (the last one is what remains).
Seen framed(Peer from, const std::string& stream, const std::vector<std::size_t>& sizes,
            const Wanted& wanted = {}) {
  Framer framer(from);
  Seen seen;
  std::size_t at = 0;
  std::size_t piece = 0;
  while (at < stream.size() && seen.error.empty()) {
    const std::size_t size =
        piece < sizes.size() ? std::min(sizes[piece++], stream.size() - at) : stream.size() - at;
    const std::string own = stream.substr(at, size);  // gone before the next call
    at += size;
    std::string_view input = own;
    for (;;) {
      const Step step = framer.next(input, wanted);
      if (std::holds_alternative<NeedMore>(step)) {
        EXPECT_TRUE(input.empty()) << "bytes were left behind";
        break;
      }
      if (const auto* error = std::get_if<WireError>(&step)) {
        seen.error = error->message;
        break;
      }
      if (const auto* frame = std::get_if<Frame>(&step)) {
        seen.starts += frame->type;
        seen.bodies.emplace_back(frame->body);
        seen.bytes += frame->raw;
        EXPECT_EQ(frame->raw.substr(5, frame->body.size()), frame->body);
        EXPECT_EQ(frame->whole, frame->raw.size() == 5 + std::size_t{frame->length});
      } else {
        seen.bytes += std::get<Rest>(step).raw;
      }
    }
  }
  EXPECT_TRUE(framer.at_boundary() || !seen.error.empty());
  return seen;
}

const std::string kClientStream =
    stream_of({"Query \"SELECT 1\"", "Parse \"s\" \"SELECT $1\" 23", "Bind \"\" \"s\" \"x\"*500",
               "Describe P \"\"", "Execute \"\" 0", "Sync", "CopyData \"y\"*700", "CopyDone",
               "Flush", "Close S \"s\"", "FunctionCall 1 \"a\"", "CopyFail \"no\"", "Terminate"});
const std::string kServerStream = stream_of(
    {"AuthenticationOk", "ParameterStatus \"a\" \"b\"", "BackendKeyData 1 2", "ReadyForQuery I",
     "RowDescription \"a\" \"b\"", "DataRow \"x\"*900 NULL", "CommandComplete \"SELECT 1\"",
     "NoticeResponse M=\"n\"*300", "ErrorResponse C=23505", "ParseComplete", "BindComplete",
     "NoData", "CopyInResponse 1", "CopyData \"1\"", "NotificationResponse 1 \"c\" \"p\""});

TEST(Framer, NoCutOfAStreamChangesWhatComesOut) {
  for (const auto& [from, stream] :
       {std::pair{Peer::Client, kClientStream}, std::pair{Peer::Server, kServerStream}}) {
    const Seen whole = framed(from, stream, {});
    EXPECT_EQ(whole.bytes, stream);
    EXPECT_EQ(whole.error, "");
    EXPECT_EQ(framed(from, stream, std::vector<std::size_t>(stream.size(), 1)), whole);
    for (std::size_t at = 1; at < stream.size(); ++at) EXPECT_EQ(framed(from, stream, {at}), whole);
  }
}

TEST(Framer, NoRandomCutOfAStreamChangesWhatComesOut) {
  std::mt19937 random(7);  // NOLINT: the same cuts in every run
  for (int round = 0; round < 300; ++round) {
    std::vector<std::size_t> sizes;
    for (std::size_t total = 0; total < kClientStream.size(); total += sizes.back()) {
      sizes.push_back(1 + random() % 40);
    }
    const Wanted wanted{static_cast<std::uint32_t>(random() % 30),
                        static_cast<std::uint32_t>(random() % 600), 0};
    EXPECT_EQ(framed(Peer::Client, kClientStream, sizes, wanted),
              framed(Peer::Client, kClientStream, {}, wanted));
  }
}

TEST(Framer, AMessageIsGivenAsSoonAsItsWantedPrefixIsThere) {
  Framer framer(Peer::Client);
  const std::string first = header('B', 4 + 1000) + std::string(256, 'n');
  std::string_view input = first;
  const Step step = framer.next(input, Wanted{});
  const auto* frame = std::get_if<Frame>(&step);
  ASSERT_NE(frame, nullptr);
  EXPECT_EQ(frame->length, 1000U);
  EXPECT_EQ(frame->body.size(), 256U);
  EXPECT_FALSE(frame->whole);
  EXPECT_FALSE(frame->complete());
  EXPECT_FALSE(framer.at_boundary());
  EXPECT_EQ(framer.kept_bytes(), 0U);
  const std::string second(800, 'r');
  input = second;
  const Step rest = framer.next(input, Wanted{});
  EXPECT_EQ(std::get<Rest>(rest).raw.size(), 744U);
  EXPECT_EQ(input.size(), 56U) << "the next message's bytes are not touched";
  EXPECT_TRUE(framer.at_boundary());
}

TEST(Framer, AShorterMessageThanItsPrefixIsComplete) {
  Framer framer(Peer::Client);
  const std::string bytes = stream_of({"Bind \"\" \"\""});
  std::string_view input = bytes;
  const Step step = framer.next(input, Wanted{});
  EXPECT_TRUE(std::get<Frame>(step).complete());
  EXPECT_TRUE(std::get<Frame>(step).whole);
  EXPECT_FALSE(std::get<Frame>(step).assembled);
}

TEST(Framer, AQueryAboveTheLimitIsNotComplete) {
  const Wanted wanted{10, 256, 0};
  const Seen seen = framed(Peer::Client, stream_of({"Query \"SELECT 1, 2, 3\""}), {}, wanted);
  ASSERT_EQ(seen.bodies.size(), 1U);
  EXPECT_EQ(seen.bodies[0], "SELECT 1, ");
}

TEST(Framer, RowsAreReadOnlyWhenTheyAreWanted) {
  const std::string row = stream_of({"DataRow \"value\""});
  EXPECT_EQ(framed(Peer::Server, row, {}).bodies[0], "");
  EXPECT_EQ(framed(Peer::Server, row, {}, Wanted{1, 1, 1000}).bodies[0], row.substr(5));
}

TEST(Framer, OnlyWhatIsIncompleteIsKept) {
  Framer framer(Peer::Client);
  const std::string bytes = stream_of({"Query \"SELECT 1\""});
  std::string_view input = std::string_view(bytes).substr(0, 8);
  EXPECT_TRUE(std::holds_alternative<NeedMore>(framer.next(input, Wanted{})));
  EXPECT_EQ(framer.kept_bytes(), 8U);
  EXPECT_FALSE(framer.at_boundary());
  input = std::string_view(bytes).substr(8);
  const Step step = framer.next(input, Wanted{});
  EXPECT_TRUE(std::get<Frame>(step).assembled);
  EXPECT_EQ(std::get<Frame>(step).raw, bytes);
  EXPECT_TRUE(framer.at_boundary());
  EXPECT_EQ(framer.kept_bytes(), 0U);
}

TEST(Framer, AnErrorIsToldFromTheHeaderAlone) {
  for (const std::size_t cut : {1U, 3U, 5U}) {
    EXPECT_EQ(framed(Peer::Client, header('Q', 3) + "more", {cut}).error, "invalid message length");
    EXPECT_EQ(framed(Peer::Client, header('y', 4) + "more", {cut}).error,
              "invalid frontend message type");
    EXPECT_EQ(framed(Peer::Server, header('Q', 4) + "more", {cut}).error,
              "unknown message type from the server");
  }
}

TEST(Framer, LengthsBelowFourAreRefused) {
  for (const std::uint32_t length : {0U, 1U, 2U, 3U}) {
    for (const char type : "QPBFdCDEHSXcfp"s) {
      EXPECT_EQ(header_error(Peer::Client, type, length), "invalid message length") << type;
    }
    EXPECT_EQ(header_error(Peer::Server, 'D', length), "invalid message length");
  }
  for (const char type : "QPBFdCDEHSXcfp"s) EXPECT_EQ(header_error(Peer::Client, type, 4), "");
}

TEST(Framer, TheServersOwnLimitsHoldForTheClient) {
  for (const char type : "QPBFd"s) {
    EXPECT_EQ(header_error(Peer::Client, type, kLargeMessageMax), "") << type;
    EXPECT_EQ(header_error(Peer::Client, type, kLargeMessageMax + 1), "invalid message length");
    EXPECT_EQ(header_error(Peer::Client, type, 0xFFFFFFFF), "invalid message length");
  }
  for (const char type : "CDEHSXcf"s) {
    EXPECT_EQ(header_error(Peer::Client, type, kSmallMessageMax), "") << type;
    EXPECT_EQ(header_error(Peer::Client, type, kSmallMessageMax + 1), "invalid message length");
  }
  EXPECT_EQ(header_error(Peer::Client, 'p', kAuthMessageMax), "");
  EXPECT_EQ(header_error(Peer::Client, 'p', kAuthMessageMax + 1), "invalid message length");
}

TEST(Framer, EveryTypeIsKnownOrRefused) {
  for (int type = 0; type < 256; ++type) {
    const char letter = static_cast<char>(type);
    const bool client = "QPBFdCDEHSXcfp"s.find(letter) != std::string::npos;
    const bool server = "123ACDEGHIKNRSTVWZcdnstv"s.find(letter) != std::string::npos;
    EXPECT_EQ(header_error(Peer::Client, letter, 4).empty(), client) << type;
    EXPECT_EQ(header_error(Peer::Server, letter, 4).empty(), server) << type;
  }
}

TEST(Framer, ALengthAtTheTopOfItsRangeDoesNotWrapAround) {
  Framer framer(Peer::Server);
  const std::string bytes = header('D', 0x7FFFFFFF) + "xx";
  std::string_view input = bytes;
  const Step step = framer.next(input, Wanted{});
  EXPECT_EQ(std::get<Frame>(step).length, 0x7FFFFFFBU);
  EXPECT_FALSE(std::get<Frame>(step).whole);
  std::string_view more = "yyyy";
  EXPECT_EQ(std::get<Rest>(framer.next(more, Wanted{})).raw, "yyyy");
  EXPECT_FALSE(framer.at_boundary());
  EXPECT_EQ(header_error(Peer::Server, 'D', 0x80000000), "invalid message length");
  EXPECT_EQ(header_error(Peer::Server, 'D', 0xFFFFFFFF), "invalid message length");
}

TEST(RunSize, EndsBeforeTheFirstMessageThatIsOfAnotherTypeCutOrImpossible) {
  const std::string row = header('D', 6) + "ab";
  EXPECT_EQ(run_size("", 'D'), 0U);
  EXPECT_EQ(run_size(row + row + header('C', 4), 'D'), 2 * row.size());
  EXPECT_EQ(run_size(header('C', 4) + row, 'D'), 0U);
  EXPECT_EQ(run_size(row + header('D', 3) + row, 'D'), row.size());
  EXPECT_EQ(run_size(row + header('D', 0xFFFFFFFF) + row, 'D'), row.size());
  const std::string stream = row + header('D', 4) + row;
  for (std::size_t size = 0; size <= stream.size(); ++size) {
    const std::size_t whole = size < row.size()       ? 0
                              : size < row.size() + 5 ? row.size()
                              : size < stream.size()  ? row.size() + 5
                                                      : stream.size();
    EXPECT_EQ(run_size(std::string_view(stream).substr(0, size), 'D'), whole) << size;
  }
}

}  // namespace
}  // namespace pgconcord::wire
