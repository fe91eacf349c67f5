// One HTTP connection that cannot outlive its time or send more than a request needs. The library's
// own timeouts start again with every byte, and it stores any number of headers: a client that
// drips would hold a thread for good (protocol.md 8.7).
#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

namespace pgconcord::admin {

class BoundedStream : public httplib::Stream {
 public:
  struct Bounds {
    std::chrono::milliseconds read_time;   // for the whole request
    std::chrono::milliseconds write_time;  // for the answer, after that
    std::size_t read_bytes;                // request line, headers and body together
  };

  // `stopping` ends all waiting early; it outlives the stream. The socket stays the caller's.
  BoundedStream(socket_t socket, Bounds bounds, const std::atomic<bool>& stopping);

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* data, std::size_t size) override;
  ssize_t write(const char* data, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

  // Tells the client that the answer is over and waits for it to hang up: closing a socket with
  // unread bytes resets the connection, and the client would lose the answer.
  void finish();

 private:
  using Time = std::chrono::steady_clock::time_point;
  bool wait_for(short events, Time deadline) const;

  socket_t socket_;
  std::size_t readable_bytes_;
  Time read_deadline_;
  Time write_deadline_;
  const std::atomic<bool>& stopping_;
};

}  // namespace pgconcord::admin
