#include "proxy/net/stream.h"

#include <optional>

#include "tests/unit/net/loopback.h"

namespace pgconcord::net {
namespace {

constexpr std::size_t kHighWater = 64 * 1024;

struct Recorder final : StreamEvents {
  void on_bytes(Stream&, std::string_view bytes) override { received.append(bytes); }
  void on_end(Stream&, End how) override { end = how; }
  void on_written(Stream&) override { ++written; }

  std::string received;
  std::optional<End> end;
  int written = 0;
};

struct StreamTest : testing::Test {
  StreamTest() {
    stream = Stream::open(std::move(sockets.ours), {loop.get(), buffer, {}, kHighWater}, events);
  }
  ~StreamTest() override { stream.reset(); }

  void write(std::string_view bytes) {
    session::Outbox outbox;
    outbox.forward(bytes);
    stream->write(outbox);
  }
  // More than the kernel's buffers on both ends take.
  std::string fill() {
    std::string sent;
    while (!stream->is_congested()) {
      const std::string chunk(48 * 1024, static_cast<char>('a' + sent.size() / 49152 % 26));
      write(chunk);
      sent += chunk;
    }
    return sent;
  }

  TestLoop loop;
  SocketPair sockets;
  std::array<char, 4096> buffer{};
  Recorder events;
  std::unique_ptr<Stream> stream;
};

TEST_F(StreamTest, HandsOnWhatThePeerSent) {
  stream->start_reading();
  ASSERT_EQ(::send(sockets.theirs.get(), "hello", 5, 0), 5);
  EXPECT_TRUE(loop.run_until([&] { return events.received == "hello"; }));
}

TEST_F(StreamTest, ReadsNothingUntilAskedAndNothingAfterBeingStopped) {
  ASSERT_EQ(::send(sockets.theirs.get(), "a", 1, 0), 1);
  for (int i = 0; i < 10; ++i) uv_run(loop.get(), UV_RUN_NOWAIT);
  EXPECT_EQ(events.received, "");
  stream->start_reading();
  EXPECT_TRUE(loop.run_until([&] { return events.received == "a"; }));
  stream->stop_reading();
  ASSERT_EQ(::send(sockets.theirs.get(), "b", 1, 0), 1);
  for (int i = 0; i < 10; ++i) uv_run(loop.get(), UV_RUN_NOWAIT);
  EXPECT_EQ(events.received, "a");
}

TEST_F(StreamTest, WritesAllPiecesInOrderWithoutATurnOfTheLoop) {
  std::string text;
  session::Outbox outbox;
  for (int i = 0; i < 200; ++i) {  // more than one system call takes
    const std::string piece = std::to_string(i) + ";";
    text += piece;
    outbox.append(piece);
    outbox.forward("|");
    text += "|";
  }
  stream->write(outbox);
  EXPECT_EQ(stream->queued(), 0U);
  EXPECT_EQ(read_available(sockets.theirs), text);
}

TEST_F(StreamTest, QueuesWhatTheKernelDoesNotTakeAndDeliversItLater) {
  const std::string sent = fill();
  EXPECT_GT(stream->queued(), kHighWater);
  std::string received;
  EXPECT_TRUE(loop.run_until([&] {
    received += read_available(sockets.theirs);
    return received.size() == sent.size();
  }));
  EXPECT_EQ(received, sent);
  EXPECT_EQ(stream->queued(), 0U);
  EXPECT_FALSE(stream->is_congested());
  EXPECT_GT(events.written, 0);
}

TEST_F(StreamTest, StaysCongestedUntilTheQueueHasFallenToHalf) {
  const std::string sent = fill();
  std::string received;
  bool was_congested_below_half = false;
  EXPECT_TRUE(loop.run_until([&] {
    if (stream->is_congested() && stream->queued() <= kHighWater / 2)
      was_congested_below_half = true;
    received += read_available(sockets.theirs);
    return !stream->is_congested();
  }));
  EXPECT_FALSE(was_congested_below_half);
  EXPECT_LE(stream->queued(), kHighWater / 2);
}

TEST_F(StreamTest, KeepsTheOrderOfBytesWrittenWhileOthersWait) {
  std::string sent = fill();
  for (int i = 0; i < 100; ++i) {
    const std::string piece = "<" + std::to_string(i) + ">";
    write(piece);
    sent += piece;
  }
  std::string received;
  EXPECT_TRUE(loop.run_until([&] {
    received += read_available(sockets.theirs);
    return received.size() >= sent.size();
  }));
  EXPECT_TRUE(received == sent);
}

TEST_F(StreamTest, ShutsDownOnlyAfterEverythingQueuedWasWritten) {
  const std::string sent = fill();
  stream->finish_writing();
  write("too late");
  std::string received;
  EXPECT_TRUE(loop.run_until([&] {
    received += read_available(sockets.theirs);
    return received.size() >= sent.size() && is_at_end(sockets.theirs);
  }));
  EXPECT_TRUE(received == sent);
}

TEST_F(StreamTest, StillReadsAfterItsOwnWritingSideWasShutDown) {
  stream->start_reading();
  stream->finish_writing();
  EXPECT_TRUE(loop.run_until([&] { return is_at_end(sockets.theirs); }));
  ASSERT_EQ(::send(sockets.theirs.get(), "answer", 6, 0), 6);
  EXPECT_TRUE(loop.run_until([&] { return events.received == "answer"; }));
}

TEST_F(StreamTest, TellsAHalfCloseApartFromAReset) {
  stream->start_reading();
  ::shutdown(sockets.theirs.get(), SHUT_WR);
  EXPECT_TRUE(loop.run_until([&] { return events.end.has_value(); }));
  EXPECT_EQ(events.end, End::Eof);
  write("still works");
  EXPECT_TRUE(loop.run_until([&] { return read_available(sockets.theirs) == "still works"; }));
}

TEST_F(StreamTest, ReportsAResetAsBroken) {
  stream->start_reading();
  const linger abort_on_close{1, 0};
  ::setsockopt(sockets.theirs.get(), SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof abort_on_close);
  sockets.theirs.reset();
  EXPECT_TRUE(loop.run_until([&] { return events.end.has_value(); }));
  EXPECT_EQ(events.end, End::Broken);
}

TEST_F(StreamTest, DropsItsQueueAndSaysSoWhenThePeerIsGone) {
  fill();
  const linger abort_on_close{1, 0};
  ::setsockopt(sockets.theirs.get(), SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof abort_on_close);
  sockets.theirs.reset();
  EXPECT_TRUE(loop.run_until([&] { return stream->is_broken(); }));
  EXPECT_EQ(stream->queued(), 0U);
  EXPECT_FALSE(stream->is_congested());
  write("ignored");
  EXPECT_EQ(stream->queued(), 0U);
}

TEST_F(StreamTest, MayBeDestroyedWhileBytesAreStillQueued) {
  fill();
  stream.reset();
  EXPECT_TRUE(loop.run_until([&] {
    read_available(sockets.theirs);
    return is_at_end(sockets.theirs);
  }));
}

}  // namespace
}  // namespace pgconcord::net
