// Online restart: a second process listens where this one does, and this one is told to end. Who
// listens beside us, and how new clients are left to them without one of them being reset
// (protocol.md 7.10).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>

namespace pgconcord::net {

// Sockets of others that listen on exactly the address of this TCP listener; 0 where the system
// does not tell.
std::size_t other_listeners(int descriptor);
// The kernel gives new connections to the one that joined last. Where it cannot, they stay spread
// over all.
void leave_new_clients(int descriptor, std::size_t others);
// Undoes what a process that is gone left behind. For a listener that was just opened.
void share_new_clients(int descriptor);

// What a path stands for: another process may have put its own socket there.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileId&, const FileId&) = default;
};
std::optional<FileId> file_at(const std::string& path);

}  // namespace pgconcord::net
