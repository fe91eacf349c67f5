#include "proxy/net/service_manager.h"

#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace pgconcord::net {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A path, or `@name` for a socket in the abstract namespace.
std::optional<SocketAddress> notification_address(std::string_view name) {
  SocketAddress address;
  auto& target = reinterpret_cast<sockaddr_un&>(address.storage);
  const bool is_known_kind = !name.empty() && (name[0] == '/' || name[0] == '@');
  if (!is_known_kind || name.size() >= sizeof target.sun_path) return std::nullopt;
  target.sun_family = AF_UNIX;
  std::memcpy(target.sun_path, name.data(), name.size());
  if (name[0] == '@') target.sun_path[0] = '\0';
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  return address;
}

std::chrono::milliseconds interval_wanted() {
  const std::string_view watched = variable("WATCHDOG_PID");
  if (!watched.empty() && number<pid_t>(watched) != ::getpid()) return {};
  const auto microseconds = number<std::uint64_t>(variable("WATCHDOG_USEC"));
  if (!microseconds || *microseconds < 2000) return {};
  return std::chrono::milliseconds(*microseconds / 2000);
}

}  // namespace

ServiceManager::ServiceManager() {
  const auto address = notification_address(variable("NOTIFY_SOCKET"));
  if (!address) return;
  manager_ = *address;
  socket_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  watchdog_interval_ = interval_wanted();
}

void ServiceManager::ready(std::string_view status) const {
  tell("READY=1\nMAINPID=" + std::to_string(::getpid()) + "\nSTATUS=" + std::string(status));
}

void ServiceManager::reloading() const {
  // The time tells the manager which of several reloads this answers.
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::uint64_t microseconds = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
                                     static_cast<std::uint64_t>(now.tv_nsec) / 1000;
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds) +
       "\nSTATUS=reading the configuration");
}

void ServiceManager::stopping(std::string_view status) const {
  tell("STOPPING=1\nSTATUS=" + std::string(status));
}

void ServiceManager::alive() const { tell("WATCHDOG=1"); }

// A manager that does not listen is no reason to stop serving, nor to wait.
void ServiceManager::tell(const std::string& message) const {
  if (!socket_.is_open()) return;
  ::sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           manager_.raw(), manager_.size);
}

}  // namespace pgconcord::net
