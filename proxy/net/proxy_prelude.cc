#include "proxy/net/proxy_prelude.h"

#include <array>
#include <cerrno>
#include <utility>

#include "proxy/limits.h"
#include "proxy/net/proxy_header.h"

namespace pgconcord::net {

std::unique_ptr<ProxyPrelude> ProxyPrelude::open(uv_loop_t& loop, PreludeEvents& events,
                                                 Accepted accepted) {
  std::unique_ptr<ProxyPrelude> prelude(
      new ProxyPrelude(events, std::move(accepted), uv_now(&loop)));
  const int descriptor = prelude->accepted_.socket.get();
  prelude->poll_ = make_handle<uv_poll_t>(
      prelude.get(), [&](uv_poll_t* handle) { return uv_poll_init(&loop, handle, descriptor); });
  if (!prelude->poll_) return nullptr;
  uv_poll_start(prelude->poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<ProxyPrelude*>(handle->data)->on_readable();
  });
  return prelude;
}

Accepted ProxyPrelude::take() {
  poll_.reset();
  return std::move(accepted_);
}

// What follows the header is not ours to read: it is only looked at, and left in the socket.
void ProxyPrelude::on_readable() {
  std::array<char, kProxyHeaderMax> seen;
  const ssize_t size = ::recv(accepted_.socket.get(), seen.data(), seen.size(), MSG_PEEK);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return events_.on_header_failed(*this, header_.empty() ? "" : "protocol");
  const std::size_t known = header_.size();
  header_.append(seen.data(), static_cast<std::size_t>(size));
  ProxyHeader header;
  switch (read_proxy_header(header_, header)) {
    case HeaderStatus::Invalid:
      return events_.on_header_failed(*this, "protocol");
    case HeaderStatus::NeedMore:
      if (!consume(header_.size() - known)) events_.on_header_failed(*this, "protocol");
      return;
    case HeaderStatus::Complete:
      if (!consume(header.size - known)) return events_.on_header_failed(*this, "protocol");
      if (!header.client.empty()) accepted_.peer = header.client;
      events_.on_header_read(*this);
  }
}

// What was just seen is there.
bool ProxyPrelude::consume(std::size_t size) const {
  std::array<char, kProxyHeaderMax> taken;
  return ::recv(accepted_.socket.get(), taken.data(), size, 0) == static_cast<ssize_t>(size);
}

}  // namespace pgconcord::net
