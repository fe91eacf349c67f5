#include "metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace pgconcord::metrics {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

std::optional<std::string> contents(const char* path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string_view next_word(std::string_view& text) {
  const std::size_t from = std::min(text.find_first_not_of(" \n"), text.size());
  const std::size_t to = std::min(text.find_first_of(" \n", from), text.size());
  const std::string_view word = text.substr(from, to - from);
  text.remove_prefix(to);
  return word;
}

std::optional<std::uint64_t> number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

// Unix time of the boot, from the line `btime N` of /proc/stat.
std::optional<std::uint64_t> boot_time() {
  const auto text = contents("/proc/stat");
  if (!text) return std::nullopt;
  const std::size_t line = text->find("\nbtime ");
  if (line == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(*text).substr(line + 7);
  return number(next_word(rest));
}

// Every descriptor but the one that reads the directory.
std::optional<double> open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (error) return std::nullopt;
  double count = -1;
  for (; entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    if (error) return std::nullopt;
    ++count;
  }
  return count;
}

struct Family {
  const char* name;
  const char* help;
  MetricType type = MetricType::Gauge;
};

void add(std::vector<MetricFamily>& families, const Family& described,
         std::optional<double> value) {
  if (!value) return;
  prometheus::ClientMetric metric;
  metric.counter.value = *value;
  metric.gauge.value = *value;
  families.push_back({described.name, described.help, described.type, {metric}});
}

void add_stat(std::vector<MetricFamily>& families, const ProcessStat& stat) {
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  add(families,
      {"process_cpu_seconds_total", "User and system CPU time spent.", MetricType::Counter},
      static_cast<double>(stat.user_ticks + stat.system_ticks) / ticks);
  add(families, {"process_virtual_memory_bytes", "Virtual memory size."},
      static_cast<double>(stat.virtual_bytes));
  add(families, {"process_resident_memory_bytes", "Resident memory size."},
      static_cast<double>(stat.resident_pages) * page);
  add(families, {"process_threads", "Threads of the process."}, static_cast<double>(stat.threads));
  if (const auto boot = boot_time()) {
    add(families, {"process_start_time_seconds", "Unix time the process started."},
        static_cast<double>(*boot) + static_cast<double>(stat.start_ticks) / ticks);
  }
}

void add_descriptors(std::vector<MetricFamily>& families) {
  add(families, {"process_open_fds", "Open file descriptors."}, open_descriptors());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    add(families, {"process_max_fds", "File descriptors that may be open."},
        static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace

// Fields count from 1 in proc(5). The second is the program's name in parentheses and may itself
// hold spaces and parentheses, so reading starts behind the last one.
std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  constexpr int kUserTicks = 14, kSystemTicks = 15, kThreads = 20, kStartTicks = 22;
  constexpr int kVirtualBytes = 23, kResidentPages = 24;
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(name_end + 1);

  std::array<std::string_view, kResidentPages + 1> field;
  for (std::size_t i = 3; i < field.size(); ++i) field[i] = next_word(text);
  const auto user = number(field[kUserTicks]), system = number(field[kSystemTicks]);
  const auto threads = number(field[kThreads]), start = number(field[kStartTicks]);
  const auto bytes = number(field[kVirtualBytes]), pages = number(field[kResidentPages]);
  if (!user || !system || !threads || !start || !bytes || !pages) return std::nullopt;
  return ProcessStat{*user, *system, *threads, *start, *bytes, *pages};
}

std::vector<MetricFamily> process_families() {
  std::vector<MetricFamily> families;
  if (const auto text = contents("/proc/self/stat")) {
    if (const auto stat = parse_process_stat(*text)) add_stat(families, *stat);
  }
  add_descriptors(families);
  return families;
}

}  // namespace pgconcord::metrics
