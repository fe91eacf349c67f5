// The HTTP interface on its own few threads, so that probes are answered while an event loop hangs.
// start() binds and listens; destruction stops and waits for the threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "policies/config.h"
#include "proxy/admin/answer.h"

namespace pgconcord::admin {

class Server {
 public:
  // Port 0 binds any free one. The error says what to do about it.
  [[nodiscard]] static tl::expected<std::unique_ptr<Server>, std::string> start(
      const policies::Address& address, Sources sources);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  std::string url() const;  // http://host:port

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgconcord::admin
