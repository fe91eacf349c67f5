#include "metrics/metric.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "tests/support/golden.h"

namespace pgconcord::metrics {
namespace {

std::string name_of(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Histogram:
      return "histogram";
  }
  return "";
}

std::string markdown_table() {
  std::string table = "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricDefinition& metric : metric_definitions()) {
    std::string labels;
    for (const std::string_view label : metric.labels) {
      labels += (labels.empty() ? "" : ", ") + std::string(label);
    }
    table += "| `" + std::string(metric.name) + "` | " + name_of(metric.type) + " | " +
             (labels.empty() ? "-" : labels) + " | " + std::string(metric.help) + " |\n";
  }
  return table;
}

TEST(Metric, ReadmeHoldsTheTableOfDefinitions) {
  const std::string path = test_support::source_path("metrics/README.md");
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::string begin = "<!-- table of definitions -->\n";
  const std::string end = "<!-- end of the table -->\n";
  const std::size_t from = text.find(begin);
  const std::size_t to = text.find(end);
  ASSERT_NE(from, std::string::npos) << path << " has lost its marker";
  ASSERT_NE(to, std::string::npos) << path << " has lost its marker";
  text.replace(from + begin.size(), to - from - begin.size(), markdown_table());
  test_support::expect_golden_file(path, text);
}

TEST(Metric, NamesFollowTheRulesOfPrometheus) {
  std::set<std::string_view> names;
  for (const MetricDefinition& metric : metric_definitions()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name << " stands there twice";
    EXPECT_TRUE(metric.name.starts_with("pgconcord_")) << metric.name;
    EXPECT_EQ(metric.name.ends_with("_total"), metric.type == MetricType::Counter) << metric.name;
    EXPECT_TRUE(metric.type != MetricType::Histogram || metric.name.ends_with("_seconds"));
  }
}

TEST(Metric, HelpIsASentenceThatNeedsNoEscapes) {
  for (const MetricDefinition& metric : metric_definitions()) {
    EXPECT_TRUE(metric.help.ends_with(".")) << metric.name;
    EXPECT_EQ(metric.help.find_first_of("\\\n|"), std::string_view::npos) << metric.name;
  }
}

TEST(Metric, CappedOnesAreThoseThatNameATableFromTheWire) {
  for (const MetricDefinition& metric : metric_definitions()) {
    const bool names_table = std::ranges::find(metric.labels, "table") != metric.labels.end();
    const bool from_configuration = metric.metric == Metric::PolicyInfo;
    EXPECT_EQ(metric.capped, names_table && !from_configuration) << metric.name;
  }
}

TEST(Metric, OnlyHistogramsHaveBoundsAndTheyAscend) {
  for (const MetricDefinition& metric : metric_definitions()) {
    EXPECT_EQ(metric.bounds.empty(), metric.type != MetricType::Histogram) << metric.name;
    EXPECT_TRUE(std::ranges::is_sorted(metric.bounds)) << metric.name;
  }
}

}  // namespace
}  // namespace pgconcord::metrics
