#include "metrics/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/golden.h"

namespace pgconcord::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

Cell& violations(Shard& shard, std::string_view table, std::string_view constraint = "pkey") {
  return shard.cell(Metric::ConstraintViolations,
                    {"app", "public", table, constraint, "unique", "insert"});
}

std::string violation_line(std::string_view table, std::string_view value) {
  const std::string schema = table == "__other__" ? "__other__" : "public";
  const std::string constraint = table == "__other__" ? "__other__" : "pkey";
  return "pgconcord_constraint_violations_total{database=\"app\",schema=\"" + schema +
         "\",table=\"" + std::string(table) + "\",constraint=\"" + constraint +
         "\",kind=\"unique\",statement=\"insert\"} " + std::string(value) + "\n";
}

// The figures of this machine and moment become `*`.
std::string with_process_figures_masked(const std::string& exposition) {
  std::istringstream lines(exposition);
  std::string masked;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("process_")) line = line.substr(0, line.find(' ')) + " *";
    masked += line + "\n";
  }
  return masked;
}

TEST(Registry, FreshExpositionIsThePublicContract) {
  test_support::expect_golden_file(test_support::source_path("tests/golden/metrics.txt"),
                                   with_process_figures_masked(Registry(Caps{}).render()));
}

TEST(Registry, CellsStayWhereTheyAre) {
  Registry registry(Caps{});
  Shard& shard = registry.make_shard();
  Cell& first = violations(shard, "users");
  for (int i = 0; i < 1000; ++i) violations(shard, "t" + std::to_string(i));
  EXPECT_EQ(&violations(shard, "users"), &first);
}

TEST(Registry, SumsTheShards) {
  Registry registry(Caps{});
  violations(registry.make_shard(), "users").add(2);
  violations(registry.make_shard(), "users").add(40);
  EXPECT_THAT(registry.render(), HasSubstr(violation_line("users", "42")));
}

TEST(Registry, SeriesExistFromTheirFirstLookUpAtZero) {
  Registry registry(Caps{});
  violations(registry.make_shard(), "users");
  EXPECT_THAT(registry.render(), HasSubstr(violation_line("users", "0")));
}

TEST(Registry, AmountsAddUpAndStatesDoNot) {
  Registry registry(Caps{});
  for (int worker = 0; worker < 2; ++worker) {
    Shard& shard = registry.make_shard();
    shard.cell(Metric::ClientConnections, {"active"}).set(3);
    shard.cell(Metric::UpstreamUp, {"db:5432"}).set(1);
    shard.cell(Metric::CatalogLastRefresh, {"app"}).set(1'700'000'000 + worker);
  }
  const std::string text = registry.render();
  EXPECT_THAT(text, HasSubstr("pgconcord_client_connections{state=\"active\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("pgconcord_upstream_up{upstream=\"db:5432\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pgconcord_catalog_last_refresh_timestamp_seconds{database=\"app\"} "
                              "1700000001\n"));
}

TEST(Registry, IntegersAreRenderedWithoutLoss) {
  Registry registry(Caps{});
  Cell& cell = registry.make_shard().cell(Metric::ReceivedBytes, {"client"});
  for (const char* integer : {"1", "999999", "1000000", "1234567", "123456789012345",
                              "1000000000000000", "9007199254740991", "9007199254740992"}) {
    cell.set(std::stod(integer));
    const std::string text = registry.render();
    const std::string prefix = "pgconcord_received_bytes_total{side=\"client\"} ";
    const std::string value = text.substr(text.find(prefix) + prefix.size());
    EXPECT_EQ(std::stod(value), std::stod(integer)) << value.substr(0, value.find('\n'));
  }
}

TEST(Registry, HistogramsOfTheShardsBecomeOne) {
  Registry registry(Caps{});
  registry.make_shard().histogram(Metric::UpstreamConnectDuration, {"db"}).observe(0.003);
  registry.make_shard().histogram(Metric::UpstreamConnectDuration, {"db"}).observe(60);
  const std::string text = registry.render();
  const std::string name = "pgconcord_upstream_connect_duration_seconds";
  EXPECT_THAT(text, HasSubstr(name + "_count{upstream=\"db\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{upstream=\"db\",le=\"0.0025\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{upstream=\"db\",le=\"0.005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{upstream=\"db\",le=\"10\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{upstream=\"db\",le=\"+Inf\"} 2\n"));
}

TEST(Registry, SeriesOverTheCapAreCountedAsOther) {
  Registry registry(Caps{.constraint_series = 2});
  Shard& shard = registry.make_shard();
  violations(shard, "a").add();
  violations(shard, "b").add();
  violations(shard, "c").add();
  violations(shard, "d").add();
  const std::string text = registry.render();
  EXPECT_THAT(text, HasSubstr(violation_line("a", "1")));
  EXPECT_THAT(text, HasSubstr(violation_line("b", "1")));
  EXPECT_THAT(text, HasSubstr(violation_line("__other__", "2")));
  EXPECT_THAT(text, Not(HasSubstr("table=\"c\"")));
  EXPECT_THAT(text, HasSubstr("pgconcord_metric_series 2\n"));
  EXPECT_THAT(text, HasSubstr("pgconcord_metric_series_dropped_total 2\n"));
}

TEST(Registry, TheCapIsThatOfTheProcessNotOfAShard) {
  Registry registry(Caps{.constraint_series = 1});
  Shard& one = registry.make_shard();
  Shard& two = registry.make_shard();
  violations(one, "a").add();
  violations(two, "b").add();
  violations(two, "a").add();
  const std::string text = registry.render();
  EXPECT_THAT(text, HasSubstr(violation_line("a", "2")));
  EXPECT_THAT(text, HasSubstr(violation_line("__other__", "1")));
  EXPECT_THAT(text, HasSubstr("pgconcord_metric_series 1\n"));
}

TEST(Registry, CappedFamiliesShareOneCap) {
  Registry registry(Caps{.constraint_series = 1});
  Shard& shard = registry.make_shard();
  violations(shard, "a").add();
  shard.cell(Metric::Rewrites, {"signup", "app", "public", "users", "rewritten"}).add();
  EXPECT_THAT(registry.render(),
              HasSubstr("pgconcord_rewrites_total{policy=\"signup\",database=\"app\",schema=\"__"
                        "other__\",table=\"__other__\",result=\"rewritten\"} 1\n"));
}

TEST(Registry, AnAdmittedSeriesStaysWhenTheCapIsReached) {
  Registry registry(Caps{.constraint_series = 1});
  Shard& shard = registry.make_shard();
  Cell& first = violations(shard, "a");
  violations(shard, "b");
  EXPECT_EQ(&violations(shard, "a"), &first);
}

TEST(Registry, KindAndStatementAreKeptOverTheCap) {
  Registry registry(Caps{.constraint_series = 0});
  Shard& shard = registry.make_shard();
  shard.cell(Metric::ConstraintViolations, {"app", "s", "t", "c", "check", "copy"}).add();
  EXPECT_THAT(registry.render(),
              HasSubstr("{database=\"app\",schema=\"__other__\",table=\"__other__\",constraint=\"__"
                        "other__\",kind=\"check\",statement=\"copy\"} 1\n"));
}

TEST(Registry, DatabasesAndSqlstatesAreLimitedToo) {
  Registry registry(Caps{});
  Shard& shard = registry.make_shard();
  for (int i = 0; i < 1000; ++i) {
    const std::string name = std::to_string(i);
    shard.cell(Metric::Statements, {"tenant" + name, "insert", "simple"}).add();
    shard.cell(Metric::Errors, {"tenant0", name}).add();
    shard.cell(Metric::RewriteErrors, {"signup", name}).add();
  }
  std::istringstream lines(registry.render());
  int statements = 0, errors = 0, rewrite_errors = 0;
  for (std::string line; std::getline(lines, line);) {
    statements += line.starts_with("pgconcord_statements_total{") ? 1 : 0;
    errors += line.starts_with("pgconcord_errors_total{") ? 1 : 0;
    rewrite_errors += line.starts_with("pgconcord_rewrite_errors_total{") ? 1 : 0;
  }
  EXPECT_EQ(statements, 201);
  EXPECT_EQ(errors, 65);
  EXPECT_EQ(rewrite_errors, 301);
  EXPECT_THAT(registry.render(),
              HasSubstr("pgconcord_statements_total{database=\"__other__\",command=\"insert\","
                        "protocol=\"simple\"} 800\n"));
}

TEST(Registry, ForgedNamesAreCutCleanedAndEscaped) {
  Registry registry(Caps{});
  Shard& shard = registry.make_shard();
  Cell& cell = violations(shard, "a\"b\\c\nd\xFF", std::string(100'000, 'x'));
  cell.add();
  EXPECT_EQ(&violations(shard, "a\"b\\c\nd\xFF", std::string(100'000, 'x')), &cell);
  EXPECT_EQ(&violations(shard, "a\"b\\c?d?", std::string(63, 'x')), &cell);
  const std::string text = registry.render();
  EXPECT_THAT(
      text, HasSubstr("table=\"a\\\"b\\\\c?d?\",constraint=\"" + std::string(63, 'x') + "\",kind"));
  EXPECT_THAT(text, HasSubstr("pgconcord_metric_series 1\n"));
}

TEST(Registry, LabelsAreNotConfusedWithTheirNeighbours) {
  Registry registry(Caps{});
  Shard& shard = registry.make_shard();
  EXPECT_NE(&shard.cell(Metric::LeftAlone, {"ab", "c"}),
            &shard.cell(Metric::LeftAlone, {"a", "bc"}));
  EXPECT_NE(&shard.cell(Metric::LeftAlone, {"a", "b"}), &shard.cell(Metric::LeftAlone, {"b", "a"}));
  EXPECT_NE(&shard.cell(Metric::ReceivedBytes, {"client"}),
            &shard.cell(Metric::SentBytes, {"client"}));
}

TEST(Registry, WhatAScrapeSetsLivesForThatScrape) {
  Registry registry(Caps{});
  std::string mode = "observe";
  registry.on_scrape([&mode](Shard& shard) {
    shard.cell(Metric::PolicyInfo, {"signup", mode, "public", "users", "key", "do_nothing"}).set(1);
  });
  EXPECT_THAT(registry.render(), HasSubstr("mode=\"observe\""));
  mode = "enforce";
  const std::string text = registry.render();
  EXPECT_THAT(text, HasSubstr("mode=\"enforce\""));
  EXPECT_THAT(text, Not(HasSubstr("mode=\"observe\"")));
}

TEST(RegistryDeathTest, AWrongNumberOfLabelsStopsTheProgram) {
  Registry registry(Caps{});
  Shard& shard = registry.make_shard();
  EXPECT_DEATH(shard.cell(Metric::LeftAlone, {"one"}), "pgconcord_left_alone_total");
  EXPECT_DEATH(shard.cell(Metric::UpstreamConnectDuration, {"db"}), "defined otherwise");
}

// What ThreadSanitizer is to look at: workers that count and add series while others scrape.
TEST(Registry, WorkersCountWhileOthersScrape) {
  constexpr int kWorkers = 3, kRounds = 20'000;
  Registry registry(Caps{.constraint_series = 40});
  registry.on_scrape([](Shard& shard) { shard.cell(Metric::ClientConnectionsLimit, {}).set(1); });
  std::atomic<bool> done{false};
  std::vector<std::thread> workers, scrapers;
  for (int i = 0; i < 2; ++i) {
    scrapers.emplace_back([&] {
      while (!done) EXPECT_THAT(registry.render(), HasSubstr("connections_limit 1\n"));
    });
  }
  for (int i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&registry] {
      Shard& shard = registry.make_shard();
      Cell& kept = shard.cell(Metric::SentBytes, {"client"});
      for (int round = 0; round < kRounds; ++round) {
        kept.add();
        violations(shard, "t" + std::to_string(round % 50)).add();
        shard.histogram(Metric::UpstreamConnectDuration, {"db"}).observe(0.001);
      }
    });
  }
  for (auto& worker : workers) worker.join();
  done = true;
  for (auto& scraper : scrapers) scraper.join();

  const std::string text = registry.render();
  const int each = kRounds / 50 * kWorkers;
  EXPECT_THAT(text, HasSubstr("pgconcord_sent_bytes_total{side=\"client\"} 60000\n"));
  EXPECT_THAT(text, HasSubstr("duration_seconds_count{upstream=\"db\"} 60000\n"));
  EXPECT_THAT(text, HasSubstr(violation_line("__other__", std::to_string(each * 10))));
  EXPECT_THAT(text, HasSubstr("pgconcord_metric_series 40\n"));
}

}  // namespace
}  // namespace pgconcord::metrics
