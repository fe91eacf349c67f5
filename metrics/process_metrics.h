// process_*: the names every Prometheus client library exports, read from /proc.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pgconcord::metrics {

// What /proc/PID/stat says (proc(5)).
struct ProcessStat {
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // after boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};

// Nothing when the text is not such a line.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

// A figure that cannot be read is left out; it is never a made-up 0.
std::vector<prometheus::MetricFamily> process_families();

}  // namespace pgconcord::metrics
