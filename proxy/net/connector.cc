#include "proxy/net/connector.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <numeric>
#include <utility>

namespace pgconcord::net {
namespace {

using metrics::Metric;

constexpr double kNanosecond = 1e-9;

// The closed list of the label `reason`.
std::string_view failure_reason(int error_number) {
  switch (error_number) {
    case ECONNREFUSED:
      return "refused";
    case ENOENT:
      return "refused";  // a unix socket that is not there: the server does not run
    case ETIMEDOUT:
      return "timeout";
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EADDRNOTAVAIL:
      return "unreachable";
    case EMFILE:
    case ENFILE:
      return "descriptors";
    default:
      return "other";
  }
}

NetError cannot_connect(const policies::Address& address, int error_number) {
  return {error_number, "cannot connect to " + address.text + ": " + std::strerror(error_number)};
}

}  // namespace

// A look-up cannot always be cancelled: it may outlive its connector, which then takes itself out.
struct Connector::Resolution {
  uv_getaddrinfo_t request;
  Connector* connector;
};

Connector::Connector(Setup setup)
    : loop_(setup.loop),
      upstream_(setup.upstream),
      health_(setup.health),
      metrics_(setup.metrics),
      tls_(std::move(setup.tls)) {}

Connector::~Connector() {
  if (resolution_ == nullptr) return;
  resolution_->connector = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&resolution_->request));
}

void Connector::start(ConnectorEvents& events) {
  events_ = &events;
  last_error_ = {0, "no server address is configured"};
  order_.resize(upstream_.addresses.size());
  std::iota(order_.begin(), order_.end(), 0);
  if (upstream_.target_session_attrs != "any") {
    std::stable_partition(order_.begin(), order_.end(),
                          [&](std::size_t each) { return !health_.is_unfit(each); });
  }
  next_address();
}

void Connector::resume(ConnectorEvents& events) {
  events_ = &events;
  last_error_ = {0, "no other server is configured"};
  next_candidate();
}

void Connector::next_address() {
  if (next_ == order_.size()) {
    events_->on_connect(tl::unexpected(std::move(last_error_)));
    return;
  }
  ++next_;
  started_ns_ = uv_hrtime();
  if (const auto numeric = without_resolver(address())) {
    candidates_.push_back(*numeric);
    next_candidate();
  } else {
    resolve(address());
  }
}

void Connector::resolve(const policies::Address& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  auto resolution = std::make_unique<Resolution>();
  resolution->connector = this;
  resolution->request.data = resolution.get();
  arm_timeout();
  const int status = uv_getaddrinfo(
      &loop_, &resolution->request,
      [](uv_getaddrinfo_t* request, int result, addrinfo* found) {
        const std::unique_ptr<Resolution> owner(static_cast<Resolution*>(request->data));
        const std::unique_ptr<addrinfo, decltype(&uv_freeaddrinfo)> list(found, &uv_freeaddrinfo);
        if (owner->connector != nullptr) owner->connector->on_resolved(result, found);
      },
      address.host.c_str(), std::to_string(address.port).c_str(), &hints);
  if (status != 0) return on_resolved(status, nullptr);
  resolution_ = resolution.release();
}

void Connector::on_resolved(int status, const addrinfo* found) {
  resolution_ = nullptr;
  timeout_.reset();
  if (status != 0) {
    return fail("dns", {0, "cannot resolve " + address().host + ": " + uv_strerror(status)});
  }
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    SocketAddress candidate;
    std::memcpy(&candidate.storage, entry->ai_addr, entry->ai_addrlen);
    candidate.size = entry->ai_addrlen;
    candidates_.push_back(candidate);
  }
  next_candidate();
}

void Connector::next_candidate() {
  if (candidates_.empty()) return next_address();
  candidate_ = candidates_.front();
  candidates_.pop_front();
  in_the_clear_ = candidate_.storage.ss_family == AF_UNIX || !tls_->upstream.context;
  try_candidate();
}

void Connector::try_candidate() {
  auto socket = open_socket(candidate_.storage.ss_family);
  if (!socket) {
    return fail(failure_reason(socket.error().error_number), std::move(socket.error()));
  }
  if (candidate_.storage.ss_family != AF_UNIX) tune(socket->get());
  if (::connect(socket->get(), candidate_.raw(), candidate_.size) == 0) {
    return secure(std::move(*socket));
  }
  // EAGAIN of a unix socket is a full backlog, not a connection under way.
  if (errno != EINPROGRESS) {
    const int error_number = errno;
    return fail(failure_reason(error_number), cannot_connect(address(), error_number));
  }
  wait_for(std::move(*socket));
}

void Connector::wait_for(Descriptor socket) {
  socket_ = std::move(socket);
  poll_ = make_handle<uv_poll_t>(
      this, [&](uv_poll_t* handle) { return uv_poll_init(&loop_, handle, socket_.get()); });
  if (!poll_) {
    socket_.reset();
    return fail("other", cannot_connect(address(), ENOMEM));
  }
  uv_poll_start(poll_.get(), UV_WRITABLE, [](uv_poll_t* handle, int, int) {
    static_cast<Connector*>(handle->data)->on_writable();
  });
  arm_timeout();
}

void Connector::on_writable() {
  poll_.reset();
  int error_number = 0;
  socklen_t size = sizeof error_number;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  if (error_number == 0) return secure(std::move(socket_));
  socket_.reset();
  timeout_.reset();
  fail(failure_reason(error_number), cannot_connect(address(), error_number));
}

void Connector::arm_timeout() {
  timeout_ = make_handle<uv_timer_t>(
      this, [&](uv_timer_t* handle) { return uv_timer_init(&loop_, handle); });
  const auto milliseconds = static_cast<std::uint64_t>(upstream_.connect_timeout.count());
  uv_timer_start(
      timeout_.get(),
      [](uv_timer_t* handle) {
        auto& connector = *static_cast<Connector*>(handle->data);
        connector.timeout_.reset();
        connector.poll_.reset();
        connector.dialer_.reset();
        connector.socket_.reset();
        if (connector.resolution_ != nullptr) {
          connector.resolution_->connector = nullptr;
          uv_cancel(reinterpret_cast<uv_req_t*>(&connector.resolution_->request));
          connector.resolution_ = nullptr;
        }
        connector.fail("timeout", cannot_connect(connector.address(), ETIMEDOUT));
      },
      milliseconds, 0);
}

void Connector::secure(Descriptor socket) {
  if (in_the_clear_) return succeed({std::move(socket), nullptr});
  if (!timeout_) arm_timeout();
  dialer_ = std::make_unique<TlsDialer>(loop_, tls_->upstream, address(), std::move(socket));
  dialer_->start(*this);
}

void Connector::on_dialed(Result<Dialed> outcome) {
  const std::unique_ptr<TlsDialer> done = std::move(dialer_);
  timeout_.reset();
  if (outcome) return succeed(std::move(*outcome));
  if (tls_->upstream.need == UpstreamTls::Need::Preferred) {
    // As libpq's `prefer`: what fails with TLS is tried once more without.
    in_the_clear_ = true;
    return try_candidate();
  }
  fail("tls", {outcome.error().error_number,
               "no TLS with " + address().text + ": " + outcome.error().message});
}

void Connector::succeed(Dialed dialed) {
  timeout_.reset();
  metrics_.histogram(Metric::UpstreamConnectDuration, {address().text})
      .observe(static_cast<double>(uv_hrtime() - started_ns_) * kNanosecond);
  health_.record(index(), true);
  events_->on_connect(
      Connected{std::move(dialed.socket), std::move(dialed.tls), address().text, index()});
}

void Connector::fail(std::string_view reason, NetError error) {
  metrics_.cell(Metric::UpstreamConnectFailures, {address().text, reason}).add();
  last_error_ = std::move(error);
  // Down only when nothing that the address stands for answers.
  if (candidates_.empty()) health_.record(index(), false);
  next_candidate();
}

}  // namespace pgconcord::net
