#include "proxy/net/stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/limits.h"

namespace pgconcord::net {
namespace {

// Pieces of one system call; an Outbox with more needs several.
constexpr std::size_t kPiecesPerWrite = 64;
// Ciphertext's memory that an idle stream may keep.
constexpr std::size_t kOutputKept = 4096;

uv_buf_t buffer_of(std::string_view bytes) {
  // libuv's buffers are not const because the same type serves reading; writing does not touch
  // them.
  return uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
}

}  // namespace

// Owns its bytes because libuv may outlive the stream by a loop turn.
struct Stream::Write {
  uv_write_t request;
  std::string bytes;
};

std::unique_ptr<Stream> Stream::open(Descriptor socket, const StreamSetup& setup,
                                     StreamEvents& events) {
  std::unique_ptr<Stream> stream(new Stream(setup, events));
  // uv_tcp_open takes any stream socket; a unix one is read and written alike.
  stream->handle_ = make_handle<uv_tcp_t>(
      stream.get(), [&](uv_tcp_t* handle) { return uv_tcp_init(setup.loop, handle); });
  if (!stream->handle_ || uv_tcp_open(stream->handle_.get(), socket.get()) != 0) return nullptr;
  socket.release();
  return stream;
}

Stream::Stream(const StreamSetup& setup, StreamEvents& events) : setup_(setup), events_(events) {}

Stream::~Stream() {
  if (gone_ != nullptr) *gone_ = true;
}

void Stream::start_reading() {
  if (is_reading_) return;
  is_reading_ = true;
  uv_read_start(
      handle(),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        const auto& shared = static_cast<Stream*>(handle->data)->setup_.read_buffer;
        *buffer = uv_buf_init(shared.data(), static_cast<unsigned>(shared.size()));
      },
      tls_ ? &Stream::on_read_encrypted : &Stream::on_read);
}

void Stream::stop_reading() {
  if (!is_reading_) return;
  is_reading_ = false;
  uv_read_stop(handle());
}

void Stream::on_read(uv_stream_t* handle, ssize_t size, const uv_buf_t* buffer) {
  if (size == 0) return;  // EAGAIN, not the end (protocol.md 7.13)
  auto& stream = *static_cast<Stream*>(handle->data);
  if (size > 0) {
    stream.events_.on_bytes(stream, {buffer->base, static_cast<std::size_t>(size)});
    return;
  }
  stream.stop_reading();
  stream.events_.on_end(stream, size == UV_EOF ? End::Eof : End::Broken);
}

bool Stream::start_tls(std::unique_ptr<TlsEngine> engine, std::string_view received) {
  const bool was_reading = is_reading_;
  stop_reading();
  tls_ = std::move(engine);
  if (write_side_ == WriteSide::Open) write_side_ = WriteSide::Encrypted;
  tls_->receive(received);
  tls_->read({});
  send_encrypted();
  if (was_reading) start_reading();
  return tls_->state() != TlsEngine::State::Failed;
}

std::string_view Stream::tls_failure() const {
  return tls_ ? std::string_view(tls_->failure()) : std::string_view();
}

void Stream::on_read_encrypted(uv_stream_t* handle, ssize_t size, const uv_buf_t* buffer) {
  if (size == 0) return;
  auto& stream = *static_cast<Stream*>(handle->data);
  if (size > 0) return stream.decrypt({buffer->base, static_cast<std::size_t>(size)});
  // An end without close_notify is an end: the protocol's messages tell what is missing.
  stream.stop_reading();
  stream.events_.on_end(stream, size == UV_EOF ? End::Eof : End::Broken);
}

void Stream::decrypt(std::string_view ciphertext) {
  bool gone = false;
  gone_ = &gone;
  tls_->receive(ciphertext);
  for (;;) {
    const bool was_open = tls_->state() != TlsEngine::State::Handshaking;
    const std::size_t size = tls_->read(setup_.plain_buffer);
    answers_ = queued() == 0 ? 0 : answers_ + tls_->output().size();
    send_encrypted();
    // A peer that has us answer its records and does not read the answers.
    if (answers_ > kTlsAnswersMax) break_writing();
    const bool is_open = tls_->state() == TlsEngine::State::Open;
    if (!was_open && (is_open || size != 0)) events_.on_secured(*this);
    if (size == 0) break;
    events_.on_bytes(*this, {setup_.plain_buffer.data(), size});
    if (gone) return;
  }
  gone_ = nullptr;
  const TlsEngine::State state = tls_->state();
  if (state == TlsEngine::State::Handshaking || state == TlsEngine::State::Open) return;
  stop_reading();
  events_.on_end(*this, state == TlsEngine::State::Closed ? End::Eof : End::Broken);
}

void Stream::write_encrypted(const session::Outbox& outbox) {
  tls_->write(outbox);
  send_encrypted();
}

void Stream::send_encrypted() {
  std::string& output = tls_->output();
  if (output.empty()) return;
  std::size_t sent = 0;
  if (write_side_ == WriteSide::Encrypted && queued() == 0) {
    const uv_buf_t buffer = buffer_of(output);
    const int written = uv_try_write(handle(), &buffer, 1);
    if (written < 0 && written != UV_EAGAIN) break_writing();
    if (written > 0) sent = static_cast<std::size_t>(written);
  }
  if (write_side_ == WriteSide::Encrypted) queue_.append(output, sent);
  output.clear();
  if (output.capacity() > kOutputKept) output = {};
  update_congestion();
  if (in_flight_ == 0 && !queue_.empty()) write_queue();
}

void Stream::write(const session::Outbox& outbox) {
  if (write_side_ != WriteSide::Open || outbox.empty()) {
    if (write_side_ == WriteSide::Encrypted && !outbox.empty()) write_encrypted(outbox);
    return;
  }
  std::size_t skip = queued() == 0 ? write_now(outbox) : 0;
  if (write_side_ != WriteSide::Open || skip == outbox.size()) return;
  for (std::size_t i = 0; i < outbox.piece_count(); ++i) {
    const std::string_view piece = outbox.piece(i);
    const std::size_t written = std::min(skip, piece.size());
    queue_.append(piece.substr(written));
    skip -= written;
  }
  update_congestion();
  if (in_flight_ == 0) write_queue();
}

// Returns the bytes the kernel took.
std::size_t Stream::write_now(const session::Outbox& outbox) {
  std::size_t total = 0;
  for (std::size_t first = 0; first < outbox.piece_count(); first += kPiecesPerWrite) {
    std::array<uv_buf_t, kPiecesPerWrite> buffers;
    const std::size_t count = std::min(kPiecesPerWrite, outbox.piece_count() - first);
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
      buffers[i] = buffer_of(outbox.piece(first + i));
      size += buffers[i].len;
    }
    const int written = uv_try_write(handle(), buffers.data(), static_cast<unsigned>(count));
    if (written < 0) {
      if (written != UV_EAGAIN) break_writing();
      return total;
    }
    total += static_cast<std::size_t>(written);
    if (static_cast<std::size_t>(written) < size) return total;
  }
  return total;
}

void Stream::write_queue() {
  auto write = std::make_unique<Write>();
  write->bytes.swap(queue_);
  write->request.data = write.get();
  in_flight_ = write->bytes.size();
  const uv_buf_t buffer = buffer_of(write->bytes);
  if (uv_write(&write->request, handle(), &buffer, 1, &Stream::on_write_done) != 0) {
    break_writing();
    return;
  }
  write.release();  // on_write_done() takes it back
}

void Stream::on_write_done(uv_write_t* request, int status) {
  const std::unique_ptr<Write> write(static_cast<Write*>(request->data));
  auto* stream = static_cast<Stream*>(request->handle->data);
  if (stream == nullptr) return;  // destroyed meanwhile
  stream->in_flight_ = 0;
  if (status != 0) {
    stream->break_writing();
  } else if (!stream->queue_.empty()) {
    stream->write_queue();
  } else if (stream->write_side_ == WriteSide::Finishing) {
    stream->shut_down();
  }
  stream->update_congestion();
  stream->events_.on_written(*stream);
}

void Stream::finish_writing() {
  if (write_side_ == WriteSide::Encrypted) {
    tls_->finish();
    send_encrypted();
    if (write_side_ == WriteSide::Encrypted) write_side_ = WriteSide::Open;
  }
  if (write_side_ != WriteSide::Open) return;
  write_side_ = WriteSide::Finishing;
  if (queued() == 0) shut_down();
}

void Stream::shut_down() {
  // Not uv_shutdown: the queue is empty, and it would cost a loop turn and two epoll_ctl.
  uv_os_fd_t descriptor = -1;
  if (uv_fileno(reinterpret_cast<uv_handle_t*>(handle_.get()), &descriptor) == 0) {
    ::shutdown(descriptor, SHUT_WR);
  }
  write_side_ = WriteSide::Finished;
}

void Stream::break_writing() {
  write_side_ = WriteSide::Broken;
  queue_.clear();
  queue_.shrink_to_fit();
  in_flight_ = 0;
  update_congestion();
}

void Stream::update_congestion() {
  if (queued() > setup_.high_water) is_congested_ = true;
  if (queued() <= setup_.high_water / 2) is_congested_ = false;
}

}  // namespace pgconcord::net
