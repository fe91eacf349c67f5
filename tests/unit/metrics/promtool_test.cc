// Prometheus' own check of names, types and format (Debian package prometheus). A machine without
// promtool fails here: a check that was not made is not passed.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string>

#include "metrics/registry.h"

namespace pgconcord::metrics {
namespace {

struct Verdict {
  int status = -1;
  std::string complaints;
};

Verdict promtool(const std::string& exposition) {
  const std::string path = testing::TempDir() + "exposition." + std::to_string(getpid());
  std::ofstream(path) << exposition;
  Verdict verdict;
  FILE* output = popen(("promtool check metrics <'" + path + "' 2>&1").c_str(), "r");
  if (output == nullptr) return verdict;
  std::array<char, 4096> buffer{};
  while (const std::size_t bytes = fread(buffer.data(), 1, buffer.size(), output)) {
    verdict.complaints.append(buffer.data(), bytes);
  }
  const int status = pclose(output);
  verdict.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  unlink(path.c_str());
  return verdict;
}

void expect_nothing_to_say(const std::string& exposition) {
  const Verdict verdict = promtool(exposition);
  ASSERT_NE(verdict.status, 127)
      << "promtool is missing: run scripts/install-dependencies, or apt-get install prometheus";
  EXPECT_EQ(verdict.complaints, "");
  EXPECT_EQ(verdict.status, 0);
}

TEST(Promtool, HasNothingToSayAboutAFreshRegistry) {
  expect_nothing_to_say(Registry(Caps{}).render());
}

Cell& any_series(Shard& shard, const MetricDefinition& metric) {
  switch (metric.labels.size()) {
    case 0:
      return shard.cell(metric.metric, {});
    case 1:
      return shard.cell(metric.metric, {"a"});
    case 2:
      return shard.cell(metric.metric, {"a", "b"});
    case 3:
      return shard.cell(metric.metric, {"a", "b", "c"});
    case 4:
      return shard.cell(metric.metric, {"a", "b", "c", "d"});
    case 5:
      return shard.cell(metric.metric, {"a", "b", "c", "d", "e"});
    default:
      return shard.cell(metric.metric, {"a", "b", "c", "d", "e", "f"});
  }
}

void fill(Shard& shard) {
  shard.histogram(Metric::UpstreamConnectDuration, {"127.0.0.1:5432"}).observe(0.0003);
  shard.cell(Metric::ConstraintViolations, {"app", "a\"b\\", "\n\xFF", "k", "check", "copy"}).add();
  shard.cell(Metric::ConstraintViolations, {"app", "over", "the", "cap", "check", "copy"}).add();
  double value = 0.1;
  for (const MetricDefinition& metric : metric_definitions()) {
    if (metric.type == MetricType::Histogram) continue;
    any_series(shard, metric).set(value);
    value *= 1000;  // up to 1e86: every way to write a number
  }
}

bool has_series(const std::string& exposition, const std::string& name) {
  return exposition.find("\n" + name + "{") != std::string::npos ||
         exposition.find("\n" + name + " ") != std::string::npos ||
         exposition.find("\n" + name + "_count{") != std::string::npos;
}

TEST(Promtool, HasNothingToSayAboutSeriesOfEveryMetric) {
  Registry registry(Caps{.constraint_series = 1});
  for (int worker = 0; worker < 2; ++worker) fill(registry.make_shard());
  const std::string exposition = registry.render();
  for (const MetricDefinition& metric : metric_definitions()) {
    EXPECT_TRUE(has_series(exposition, std::string(metric.name))) << metric.name;
  }
  expect_nothing_to_say(exposition);
}

TEST(Promtool, WouldNoticeABadNameAndABrokenLine) {
  for (const char* bad : {"# HELP requests Requests.\n# TYPE requests counter\nrequests 1\n",
                          "# TYPE wait_milliseconds gauge\nwait_milliseconds 1\n",
                          "# HELP x X.\n# TYPE x gauge\nx{a=\"b} 1\n"}) {
    const Verdict verdict = promtool(bad);
    EXPECT_NE(verdict.complaints, "") << bad;
    EXPECT_NE(verdict.status, 0) << bad;
  }
}

}  // namespace
}  // namespace pgconcord::metrics
