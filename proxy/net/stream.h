// One connected socket: reads into the worker's shared buffer, writes an Outbox at once where the
// kernel takes it and queues the rest. Both legs of a connection are Streams.
//
// With start_tls() the stream encrypts from there on, and neither Connection nor Session sees it.
// Reading has its own callback then and writing its own side of an if that plain streams take
// anyway, so that TLS costs those who do not use it nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "proxy/net/socket.h"
#include "proxy/net/tls_engine.h"
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
  // The handshake of start_tls() succeeded. The callee must not destroy the stream.
  virtual void on_secured(Stream&) {}

 protected:
  ~StreamEvents() = default;
};

// What every stream of a worker shares.
struct StreamSetup {
  uv_loop_t* loop = nullptr;
  std::span<char> read_buffer;
  std::span<char> plain_buffer;  // for what was decrypted
  std::size_t high_water = 0;    // queued bytes above which the stream is congested
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

  // Encrypts from here on. `received` came before it was known to be TLS; it cannot hold plaintext
  // yet. False when it was no TLS: tls_failure() says why.
  bool start_tls(std::unique_ptr<TlsEngine> engine, std::string_view received);
  session::LegTls tls_facts() const { return tls_->facts(); }
  // Empty unless TLS ended the stream.
  std::string_view tls_failure() const;

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
  enum class WriteSide : std::uint8_t { Open, Encrypted, Finishing, Finished, Broken };
  struct Write;

  Stream(const StreamSetup& setup, StreamEvents& events);
  static void on_read(uv_stream_t* handle, ssize_t size, const uv_buf_t* buffer);
  static void on_read_encrypted(uv_stream_t* handle, ssize_t size, const uv_buf_t* buffer);
  static void on_write_done(uv_write_t* request, int status);

  uv_stream_t* handle() const { return reinterpret_cast<uv_stream_t*>(handle_.get()); }
  std::size_t write_now(const session::Outbox& outbox);
  void decrypt(std::string_view ciphertext);
  void write_encrypted(const session::Outbox& outbox);
  void send_encrypted();
  void write_queue();
  void break_writing();
  void shut_down();
  void update_congestion();

  UvHandle<uv_tcp_t> handle_;
  std::unique_ptr<TlsEngine> tls_;  // null: in the clear
  std::size_t answers_ = 0;         // queued ciphertext that the peer's own records caused
  bool* gone_ = nullptr;            // set while decrypt() calls out: told of the destruction
  StreamSetup setup_;
  StreamEvents& events_;
  std::string queue_;          // not yet handed to libuv
  std::size_t in_flight_ = 0;  // handed to libuv, not yet written
  WriteSide write_side_ = WriteSide::Open;
  bool is_reading_ = false;
  bool is_congested_ = false;
};

}  // namespace pgconcord::net
