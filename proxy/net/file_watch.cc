#include "proxy/net/file_watch.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "proxy/net/log.h"

namespace pgconcord::net {
namespace {

namespace fs = std::filesystem;

// Who writes a file in place first makes it empty, and an empty configuration is a valid one.
constexpr std::uint64_t kQuietMs = 200;
constexpr std::uint64_t kPatienceMs = 600;
// Beyond that, files of an included folder are not told apart.
constexpr std::size_t kEntriesMax = 10'000;

bool is_pattern(std::string_view path) {
  return path.substr(path.rfind('/') + 1).find_first_of("*?") != std::string_view::npos;
}

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Follows symlinks: a swapped link is another inode.
std::string stamp_of_file(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return "none";
  std::string stamp;
  for (const auto part :
       {static_cast<std::int64_t>(facts.st_dev), static_cast<std::int64_t>(facts.st_ino),
        static_cast<std::int64_t>(facts.st_size), static_cast<std::int64_t>(facts.st_mtim.tv_sec),
        static_cast<std::int64_t>(facts.st_mtim.tv_nsec)}) {
    stamp += std::to_string(part) + ' ';
  }
  return stamp;
}

// Hidden entries are left out, as `include` does: the kubelet's ..data is one.
std::string stamp_of_folder(const std::string& folder) {
  std::set<std::string> files;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    if (name.front() != '.' && files.size() < kEntriesMax) files.insert(entries->path().string());
  }
  std::string stamp;
  for (const std::string& file : files) stamp += file + ' ' + stamp_of_file(file);
  return stamp;
}

std::string stamp_of(const std::string& path) {
  return is_pattern(path) ? stamp_of_folder(folder_of(path)) : stamp_of_file(path);
}

}  // namespace

std::unique_ptr<FileWatch> FileWatch::open(uv_loop_t& loop, std::function<void()> on_change) {
  std::unique_ptr<FileWatch> watch(new FileWatch(loop, std::move(on_change)));
  return watch->quiet_ ? std::move(watch) : nullptr;
}

FileWatch::FileWatch(uv_loop_t& loop, std::function<void()> on_change)
    : loop_(loop),
      on_change_(std::move(on_change)),
      quiet_(make_handle<uv_timer_t>(
          this, [&](uv_timer_t* handle) { return uv_timer_init(&loop, handle); })) {}

void FileWatch::follow(const std::vector<std::string>& paths) {
  std::map<std::string, std::string> stamps;
  for (const std::string& path : paths) {
    const auto known = stamps_.find(path);
    stamps[path] = known == stamps_.end() ? stamp_of(path) : known->second;
  }
  stamps_ = std::move(stamps);
  watch_folders();
}

void FileWatch::take_note() {
  for (auto& [path, stamp] : stamps_) stamp = stamp_of(path);
}

// All of them anew: a folder that was removed and made again needs a new watch.
void FileWatch::watch_folders() {
  folders_.clear();
  for (const auto& [path, stamp] : stamps_) {
    const std::string folder = folder_of(path);
    if (folders_.count(folder) != 0) continue;
    auto handle = make_handle<uv_fs_event_t>(
        this, [&](uv_fs_event_t* created) { return uv_fs_event_init(&loop_, created); });
    const auto on_event = [](uv_fs_event_t* event, const char*, int, int) {
      if (event->data != nullptr) static_cast<FileWatch*>(event->data)->on_event();
    };
    const int status =
        handle ? uv_fs_event_start(handle.get(), on_event, folder.c_str(), 0) : UV_ENOMEM;
    if (status == 0) {
      folders_.emplace(folder, std::move(handle));
      continue;
    }
    spdlog::warn("folder cannot be watched folder={} reason={} effect=\"reload by SIGHUP only\"",
                 net::quoted(folder), net::quoted(uv_strerror(status)));  // not std::quoted
  }
}

void FileWatch::on_event() {
  const std::uint64_t now = uv_now(&loop_);
  if (first_event_ms_ == 0) first_event_ms_ = std::max<std::uint64_t>(now, 1);
  const std::uint64_t waited = now - std::min(first_event_ms_, now);
  const std::uint64_t wait = std::min(kQuietMs, kPatienceMs - std::min(waited, kPatienceMs));
  uv_timer_start(
      quiet_.get(), [](uv_timer_t* timer) { static_cast<FileWatch*>(timer->data)->look(); }, wait,
      0);
}

void FileWatch::look() {
  first_event_ms_ = 0;
  watch_folders();  // first: a change after the comparison is an event again
  const bool changed = std::any_of(stamps_.begin(), stamps_.end(), [](const auto& each) {
    return stamp_of(each.first) != each.second;
  });
  if (!changed) return;
  take_note();
  on_change_();
}

std::vector<std::string> files_of(const policies::Config& config) {
  std::vector<std::string> files{config.file};
  files.insert(files.end(), config.included.begin(), config.included.end());
  for (const policies::Listener& each : config.listeners) {
    files.insert(files.end(), {each.tls.cert, each.tls.key, each.tls.client_ca});
  }
  const policies::UpstreamTls& upstream = config.upstream.tls;
  files.insert(files.end(), {upstream.ca, upstream.cert, upstream.key, config.admin.token_file});
  files.erase(std::remove(files.begin(), files.end(), ""), files.end());
  return files;
}

}  // namespace pgconcord::net
