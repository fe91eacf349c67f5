#include "proxy/admin/bounded_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace pgconcord::admin {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long a stop may go unnoticed.
constexpr milliseconds kSlice{100};
// A client that does not hang up after the answer gets this much more time and attention.
constexpr milliseconds kLinger{1000};
constexpr std::size_t kLingerBytes = 64UL * 1024;

}  // namespace

BoundedStream::BoundedStream(socket_t socket, Bounds bounds, const std::atomic<bool>& stopping)
    : socket_(socket),
      readable_bytes_(bounds.read_bytes),
      read_deadline_(steady_clock::now() + bounds.read_time),
      write_deadline_(read_deadline_ + bounds.write_time),
      stopping_(stopping) {}

bool BoundedStream::is_readable() const {
  return readable_bytes_ > 0 && wait_for(POLLIN, read_deadline_);
}

bool BoundedStream::is_writable() const { return wait_for(POLLOUT, write_deadline_); }

ssize_t BoundedStream::read(char* data, std::size_t size) {
  if (!is_readable()) return -1;
  const ssize_t bytes = recv(socket_, data, std::min(size, readable_bytes_), MSG_DONTWAIT);
  if (bytes > 0) readable_bytes_ -= static_cast<std::size_t>(bytes);
  return bytes;
}

ssize_t BoundedStream::write(const char* data, std::size_t size) {
  if (!is_writable()) return -1;
  return send(socket_, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// Only for the library's logs and handlers, which are not used.
void BoundedStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void BoundedStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void BoundedStream::finish() {
  shutdown(socket_, SHUT_WR);
  read_deadline_ = steady_clock::now() + kLinger;
  readable_bytes_ = kLingerBytes;
  std::array<char, 4096> ignored;
  while (read(ignored.data(), ignored.size()) > 0) continue;
}

bool BoundedStream::wait_for(short events, Time deadline) const {
  pollfd watched{socket_, events, 0};
  bool is_last = false;
  // What can be done at once is done while stopping, too: the answer to `drain` must go out.
  while (!is_last) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left <= milliseconds::zero()) return false;
    is_last = stopping_;
    const auto slice = is_last ? milliseconds::zero() : std::min(left, kSlice);
    const int ready = poll(&watched, 1, static_cast<int>(slice.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}

}  // namespace pgconcord::admin
