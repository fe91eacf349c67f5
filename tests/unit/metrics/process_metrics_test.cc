#include "metrics/process_metrics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <map>
#include <string>
#include <thread>

namespace pgconcord::metrics {
namespace {

std::map<std::string, double> figures() {
  std::map<std::string, double> read;
  for (const auto& family : process_families()) {
    const bool counter = family.type == prometheus::MetricType::Counter;
    const auto& metric = family.metric.at(0);
    read[family.name] = counter ? metric.counter.value : metric.gauge.value;
  }
  return read;
}

TEST(ProcessMetrics, ReadsTheFieldsOfProcStat) {
  const auto stat = parse_process_stat(
      "4242 (pgconcord) S 1 4242 4242 0 -1 4194560 100 0 0 0 17 5 0 0 20 0 9 0 123456 77824000 "
      "2048 18446744073709551615 1 1 0 0\n");
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->user_ticks, 17U);
  EXPECT_EQ(stat->system_ticks, 5U);
  EXPECT_EQ(stat->threads, 9U);
  EXPECT_EQ(stat->start_ticks, 123456U);
  EXPECT_EQ(stat->virtual_bytes, 77824000U);
  EXPECT_EQ(stat->resident_pages, 2048U);
}

TEST(ProcessMetrics, AProgramNameMayHoldSpacesAndParentheses) {
  const auto stat = parse_process_stat(
      "1 (a) S 9 (b c) R 1 1 1 0 -1 0 0 0 0 0 17 5 0 0 20 0 9 0 123456 77824000 2048 0");
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->user_ticks, 17U);
}

TEST(ProcessMetrics, RefusesWhatIsNotSuchALine) {
  EXPECT_FALSE(parse_process_stat(""));
  EXPECT_FALSE(parse_process_stat("4242 (pgconcord) S 1 4242"));
  EXPECT_FALSE(parse_process_stat("no parentheses at all"));
  EXPECT_FALSE(parse_process_stat("1 (a) S 1 1 1 0 -1 0 0 0 0 0 x 5 0 0 20 0 9 0 1 1 1"));
}

TEST(ProcessMetrics, HaveTheNamesOfTheClientLibraries) {
  const auto read = figures();
  for (const char* name : {"process_cpu_seconds_total", "process_open_fds", "process_max_fds",
                           "process_threads", "process_virtual_memory_bytes",
                           "process_resident_memory_bytes", "process_start_time_seconds"}) {
    EXPECT_TRUE(read.contains(name)) << name;
  }
}

TEST(ProcessMetrics, ThisProcessStartedNotLongAgo) {
  const double now = static_cast<double>(std::time(nullptr));
  const double started = figures().at("process_start_time_seconds");
  EXPECT_LE(started, now + 2);
  EXPECT_GE(started, now - 3600);
}

TEST(ProcessMetrics, OpenDescriptorsGoUpAndDown) {
  const double before = figures().at("process_open_fds");
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  EXPECT_EQ(figures().at("process_open_fds"), before + 2);
  close(ends[0]);
  close(ends[1]);
  EXPECT_EQ(figures().at("process_open_fds"), before);
}

TEST(ProcessMetrics, ResidentMemoryIsWithinVirtualMemory) {
  const auto read = figures();
  EXPECT_GT(read.at("process_resident_memory_bytes"), 100'000);
  EXPECT_LE(read.at("process_resident_memory_bytes"), read.at("process_virtual_memory_bytes"));
}

}  // namespace
}  // namespace pgconcord::metrics
