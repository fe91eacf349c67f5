// Tells when files changed, on the main loop. It watches their folders, because editors replace
// files and the kubelet swaps a symlink beside them, and compares what stat says, because a folder
// holds more than these files.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policies/config.h"
#include "proxy/net/uv_handle.h"

namespace pgconcord::net {

class FileWatch {
 public:
  // Null when the loop takes no more handles. `on_change` is called when the folders have been
  // quiet for a moment, or keep changing for long.
  static std::unique_ptr<FileWatch> open(uv_loop_t& loop, std::function<void()> on_change);

  // Follows these files from now on; `*` and `?` in a file's name mean everything in its folder.
  // What was followed before is compared with what it was then.
  void follow(const std::vector<std::string>& paths);
  // What the files are now is known: only later changes are told.
  void take_note();

 private:
  using Handle = UvHandle<uv_fs_event_t>;

  FileWatch(uv_loop_t& loop, std::function<void()> on_change);
  void watch_folders();
  void on_event();
  void look();

  uv_loop_t& loop_;
  std::function<void()> on_change_;
  std::map<std::string, std::string> stamps_;  // path as followed -> what stat said
  std::map<std::string, Handle> folders_;
  UvHandle<uv_timer_t> quiet_;
  std::uint64_t first_event_ms_ = 0;  // of those that nobody looked at yet; 0 = none
};

// Every file that the configuration was made from or names: itself, what it includes, certificates,
// keys, the token.
std::vector<std::string> files_of(const policies::Config& config);

}  // namespace pgconcord::net
