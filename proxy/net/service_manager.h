// systemd's notification protocol (sd_notify(3)) without its library: datagrams to the socket that
// NOTIFY_SOCKET names. Without that variable nothing is sent. Main thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "proxy/net/socket.h"

namespace pgconcord::net {

class ServiceManager {
 public:
  ServiceManager();

  void ready(std::string_view status) const;
  void reloading() const;
  void stopping(std::string_view status) const;
  void alive() const;
  // How often alive() is due: half of what the manager waits for; 0 = it does not watch.
  std::chrono::milliseconds watchdog_interval() const { return watchdog_interval_; }

 private:
  void tell(const std::string& message) const;

  Descriptor socket_;
  SocketAddress manager_;
  std::chrono::milliseconds watchdog_interval_{0};
};

}  // namespace pgconcord::net
