#include "proxy/net/succession.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "proxy/net/socket.h"

namespace pgconcord::net {
namespace {

constexpr const char* kListening = "0A";

// The local address as /proc/net/tcp and tcp6 write it: words of the address in the machine's own
// order, the port as a number.
std::string kernel_text(const SocketAddress& address) {
  std::array<char, 64> text{};
  if (address.storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    std::snprintf(text.data(), text.size(), "%08X:%04X", v4.sin_addr.s_addr, ntohs(v4.sin_port));
    return text.data();
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
  std::array<std::uint32_t, 4> words{};
  std::memcpy(words.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
  std::snprintf(text.data(), text.size(), "%08X%08X%08X%08X:%04X", words[0], words[1], words[2],
                words[3], ntohs(v6.sin6_port));
  return text.data();
}

}  // namespace

std::size_t other_listeners(int descriptor) {
  SocketAddress address;
  address.size = sizeof address.storage;
  struct stat own {};
  if (::getsockname(descriptor, address.raw(), &address.size) != 0) return 0;
  if (::fstat(descriptor, &own) != 0) return 0;
  std::ifstream table(address.storage.ss_family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6");
  const std::string wanted = kernel_text(address);
  std::string line;
  std::getline(table, line);  // the head
  std::size_t others = 0;
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout;
    std::uint64_t inode = 0;
    fields >> slot >> local >> remote >> state;
    if (state != kListening) break;  // listeners come first
    fields >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    if (local == wanted && inode != own.st_ino) ++others;
  }
  return others;
}

void leave_new_clients(int descriptor, std::size_t others) {
  sock_filter choose{BPF_RET | BPF_K, 0, 0, static_cast<std::uint32_t>(others)};
  const sock_fprog program{1, &choose};
  ::setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

void share_new_clients(int descriptor) {
  const int yes = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &yes, sizeof yes);
}

std::optional<FileId> file_at(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

}  // namespace pgconcord::net
