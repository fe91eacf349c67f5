#include "proxy/admin/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "proxy/admin/bounded_queue.h"
#include "proxy/admin/bounded_stream.h"

namespace pgconcord::admin {
namespace {

using std::chrono::milliseconds;

constexpr BoundedQueue::Bounds kQueueBounds{.threads = 4, .waiting = 16};
constexpr BoundedStream::Bounds kConnectionBounds{.read_time = milliseconds(2000),
                                                  .write_time = milliseconds(15'000),
                                                  .read_bytes = 144UL * 1024};
// A statement to be explained; everything else is shorter.
constexpr std::size_t kBodyMax = 128UL * 1024;

void send_answer(const Answer& answer, httplib::Response& response) {
  response.status = answer.status;
  response.set_header("Cache-Control", "no-store");
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  if (!answer.allow.empty()) response.set_header("Allow", answer.allow);
  if (!answer.challenge.empty()) response.set_header("WWW-Authenticate", answer.challenge);
  response.set_content(answer.body, answer.content_type);
}

// As RFC 9110 says: without either there is no body. The library would wait for the client's end.
bool announces_body(const httplib::Request& request) {
  return request.has_header("Transfer-Encoding") ||
         (request.has_header("Content-Length") &&
          request.get_header_value("Content-Length") != "0");
}

// A request as answer() takes it; it outlives the views.
struct Headers {
  explicit Headers(const httplib::Request& request)
      : authorization(request.get_header_value("Authorization")),
        content_type(request.get_header_value("Content-Type")) {}
  std::string authorization, content_type;
};
Request read(const httplib::Request& request, const Headers& headers, std::string_view body) {
  return {request.method, request.path, headers.authorization, headers.content_type, body};
}

// Every request is answered before the library routes it, so that no regular expression sees an
// unknown path; but for those few whose body is wanted. A connection carries one request, so that
// idle clients hold no thread.
class HttpServer : public httplib::Server {
 public:
  explicit HttpServer(Sources sources) : sources_(std::move(sources)) {
    new_task_queue = [] { return new BoundedQueue(kQueueBounds); };  // the library deletes it
    set_socket_options(reuse_address);
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      const Headers headers(request);
      const Request asked = read(request, headers, "");
      if (takes_body(asked, sources_) && announces_body(request)) {
        return HandlerResponse::Unhandled;
      }
      send_answer(answer(asked, sources_), response);
      return HandlerResponse::Handled;
    });
    Post("/api/.*", [this](const httplib::Request& request, httplib::Response& response,
                           const httplib::ContentReader& receive) {
      std::string body;
      const bool whole = receive([&body](const char* data, std::size_t size) {
        body.append(data, std::min(size, kBodyMax + 1 - std::min(body.size(), kBodyMax)));
        return body.size() <= kBodyMax;
      });
      const Headers headers(request);
      if (whole) {
        return send_answer(answer(read(request, headers, body), sources_), response);
      }
      send_answer(body.size() > kBodyMax ? error_answer(413, "the body is too long")
                                         : error_answer(400, "this request cannot be read"),
                  response);
    });
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty()) {
        send_answer(error_answer(response.status, "this request cannot be read"), response);
      }
    });
    // The library's own would put the exception's text into a header.
    set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
          send_answer(error_answer(500, "the answer could not be made"), response);
        });
  }

  void stop_connections() { stopping_ = true; }

 private:
  // The library's default, SO_REUSEPORT, would let a second process share the port unnoticed.
  static void reuse_address(socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  }

  bool process_and_close_socket(socket_t socket) override {
    BoundedStream stream(socket, kConnectionBounds, stopping_);
    bool closed = false;
    // Hundreds of overlapping ranges would multiply the exposition in memory.
    const bool processed = process_request(
        stream, true, closed, [](httplib::Request& request) { request.ranges.clear(); });
    stream.finish();
    close(socket);
    return processed;
  }

  const Sources sources_;
  std::atomic<bool> stopping_{false};
};

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string cannot_listen(const policies::Address& address, int error) {
  std::string message = "admin.address: cannot listen on " + bracketed(address.host) + ":" +
                        std::to_string(address.port);
  if (error != 0) message += std::string(": ") + std::strerror(error);
  return message;
}

}  // namespace

struct Server::Impl {
  explicit Impl(Sources sources) : http(std::move(sources)) {}

  // The bound port, or -1 with errno, which the library leaves as the system set it.
  int bind(const policies::Address& address) {
    errno = 0;
    if (address.port == 0) return http.bind_to_any_port(address.host);
    return http.bind_to_port(address.host, address.port) ? address.port : -1;
  }

  // Returns when stop() works: before that it would be lost, and the thread never end.
  void run() {
    thread = std::thread([this] {
      http.listen_after_bind();
      ended = true;
    });
    while (!http.is_running() && !ended) std::this_thread::sleep_for(milliseconds(1));
  }

  HttpServer http;
  std::string host;
  std::uint16_t port = 0;
  std::atomic<bool> ended{false};
  std::thread thread;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->http.stop_connections();
  impl_->http.stop();
  impl_->thread.join();
}

tl::expected<std::unique_ptr<Server>, std::string> Server::start(const policies::Address& address,
                                                                 Sources sources) {
  if (!address.unix_path.empty()) {
    return tl::unexpected("admin.address: " + address.text +
                          " is a unix socket; HTTP needs a host and a port");
  }
  auto impl = std::make_unique<Impl>(std::move(sources));
  const int port = impl->bind(address);
  if (port <= 0) return tl::unexpected(cannot_listen(address, errno));
  impl->host = address.host;
  impl->port = static_cast<std::uint16_t>(port);
  impl->run();
  return std::unique_ptr<Server>(new Server(std::move(impl)));  // the constructor is private
}

std::uint16_t Server::port() const { return impl_->port; }

std::string Server::url() const {
  return "http://" + bracketed(impl_->host) + ":" + std::to_string(impl_->port);
}

}  // namespace pgconcord::admin
