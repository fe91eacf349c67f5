// One connected socket: reads into the worker's shared buffer, writes an Outbox at once where the
// kernel takes it and queues the rest. Both legs of a connection are Streams.
//
// TLS will stand between on_read() and StreamEvents::on_bytes(), and between write() and
// write_now(): neither Connection nor Session will see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "proxy/net/socket.h"
#include "proxy/net/uv_handle.h"
#include "proxy/session/actions.h"

namespace pgconcord::net {

class Stream;

enum class End : std::uint8_t { Eof, Broken };

// A callee may destroy the stream: the stream touches nothing of its own after a call.
class StreamEvents {
 public:
  // `bytes` lie in the shared read buffer: valid until this returns.
  virtual void on_bytes(Stream& stream, std::string_view bytes) = 0;
  // Nothing more will be read. Writing may still work after Eof (half-close, protocol.md 4.12).
  virtual void on_end(Stream& stream, End end) = 0;
  // Queued bytes were written, or were dropped because writing failed.
  virtual void on_written(Stream& stream) = 0;

 protected:
  ~StreamEvents() = default;
};

// What every stream of a worker shares.
struct StreamSetup {
  uv_loop_t* loop = nullptr;
  std::span<char> read_buffer;
  std::size_t high_water = 0;  // queued bytes above which the stream is congested
};

class Stream {
 public:
  // Null when libuv does not take the descriptor, which is closed then.
  static std::unique_ptr<Stream> open(Descriptor socket, const StreamSetup& setup,
                                      StreamEvents& events);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Both are free when nothing changes; a change costs an epoll_ctl.
  void start_reading();
  void stop_reading();

  // One system call when the kernel takes everything. Ignored once writing ended or failed.
  void write(const session::Outbox& outbox);
  // Shuts down the writing side after what is queued was written.
  void finish_writing();

  std::size_t queued() const { return in_flight_ + queue_.size(); }
  // Over the high-water mark, until the queue has fallen to half of it: the peer should not be read
  // (protocol.md 7.2).
  bool is_congested() const { return is_congested_; }
  // The peer can no longer be written to: it reset the connection.
  bool is_broken() const { return write_side_ == WriteSide::Broken; }
  // Everything was written, and the shutdown too if one was asked for.
  bool is_flushed() const { return queued() == 0; }

 private:
  enum class WriteSide : std::uint8_t { Open, Finishing, Finished, Broken };
  struct Write;

  Stream(const StreamSetup& setup, StreamEvents& events);
  static void on_read(uv_stream_t* handle, ssize_t size, const uv_buf_t* buffer);
  static void on_write_done(uv_write_t* request, int status);

  uv_stream_t* handle() const { return reinterpret_cast<uv_stream_t*>(handle_.get()); }
  std::size_t write_now(const session::Outbox& outbox);
  void write_queue();
  void break_writing();
  void shut_down();
  void update_congestion();

  UvHandle<uv_tcp_t> handle_;
  StreamSetup setup_;
  StreamEvents& events_;
  std::string queue_;          // not yet handed to libuv
  std::size_t in_flight_ = 0;  // handed to libuv, not yet written
  WriteSide write_side_ = WriteSide::Open;
  bool is_reading_ = false;
  bool is_congested_ = false;
};

}  // namespace pgconcord::net
