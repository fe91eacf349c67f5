// Every script of tests/wire/*.trace, each way of cutting and each fault: see wire_script.h.
#include "tests/wire/wire_script.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <sstream>

#include "tests/support/golden.h"
#include "tests/wire/corpus.h"
#include "tests/wire/script_run.h"

namespace pgconcord::wire_test {
namespace {

struct Series {
  std::string family, labels;
  double value = 0;
};

std::vector<Series> series_of(const std::string& exposition) {
  std::vector<Series> all;
  std::istringstream lines(exposition);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t brace = line.find('{');
    const std::size_t space = line.rfind(' ');
    Series series;
    series.family = line.substr(0, std::min(brace, space));
    if (brace != std::string::npos) series.labels = line.substr(brace, space - brace);
    series.value = std::atof(line.c_str() + space);
    all.push_back(std::move(series));
  }
  return all;
}

std::string full_name(const std::string& family, const std::vector<Series>& all) {
  const bool known = std::any_of(all.begin(), all.end(),
                                 [&](const Series& each) { return each.family == family; });
  return known ? family : family + "_total";
}

double sum_of(const MetricLine& line, const std::vector<Series>& all) {
  const std::string family = full_name(line.family, all);
  double sum = 0;
  for (const Series& series : all) {
    const auto has = [&](const std::string& label) {
      return series.labels.find('{' + label) != std::string::npos ||
             series.labels.find(',' + label) != std::string::npos;
    };
    if (series.family == family && std::all_of(line.labels.begin(), line.labels.end(), has)) {
      sum += series.value;
    }
  }
  return sum;
}

// What is counted in these is listed by the script, all of it.
constexpr auto kComplete =
    std::to_array<const char*>({"pgconcord_constraint_violations_total", "pgconcord_rewrites_total",
                                "pgconcord_conflicts_absorbed_total", "pgconcord_left_alone_total",
                                "pgconcord_rewrite_errors_total"});

void check_metrics(const Script& script, const std::string& exposition) {
  const std::vector<Series> all = series_of(exposition);
  std::map<std::string, double> listed;
  for (const MetricLine& line : script.metrics) {
    EXPECT_EQ(line.value, sum_of(line, all)) << script.file << ':' << line.line << '\n'
                                             << exposition;
    listed[full_name(line.family, all)] += line.value;
  }
  for (const char* family : kComplete) {
    double counted = 0;
    std::string found;
    for (const Series& series : all) {
      if (series.family != family || series.value == 0) continue;
      counted += series.value;
      found += series.labels + ' ' + std::to_string(series.value) + '\n';
    }
    EXPECT_EQ(listed[family], counted)
        << script.file << ':' << script.line << ": not all of " << family << " is listed:\n"
        << found;
  }
}

class ScriptTest : public testing::Test {
 public:
  explicit ScriptTest(const Script& script) : script_(script) {}

 protected:
  const Script& script_;  // lives in main()
};

class CutAnywhere : public ScriptTest {
 public:
  using ScriptTest::ScriptTest;
  void TestBody() override {
    ScriptRun whole(script_);
    whole.check({Cut::Kind::Whole, 0});
    if (HasFailure()) return;
    const std::string metrics = whole.metrics();
    check_metrics(script_, metrics);
    if (script_.only_whole) return;
    std::vector<Cut> cuts = {{Cut::Kind::Bytes, 0}, {Cut::Kind::Messages, 0}};
    for (const int offset : {1, 3, 5, 6, 9, -1, -2}) cuts.push_back({Cut::Kind::Inside, offset});
    for (const Cut& cut : cuts) {
      ScriptRun run(script_);
      run.check(cut);
      if (HasFailure()) return;
      EXPECT_EQ(metrics, run.metrics()) << cut.name();
    }
  }
};

enum class Fault : std::uint8_t { ClientEof, ServerEof, ClientGarbage, ServerGarbage };

// Dropped at every step: no crash, bounded output, and the end of both streams ends the session.
class DroppedAnywhere : public ScriptTest {
 public:
  using ScriptTest::ScriptTest;
  void TestBody() override {
    for (std::size_t at = 0; at <= script_.steps.size(); ++at) {
      for (const Fault fault :
           {Fault::ClientEof, Fault::ServerEof, Fault::ClientGarbage, Fault::ServerGarbage}) {
        drop(at, fault);
      }
      if (at < script_.steps.size()) corrupt(at);
    }
  }

 private:
  void drop(std::size_t at, Fault fault) {
    ScriptRun run(script_);
    run.play(0, at);
    switch (fault) {
      case Fault::ClientEof:
        run.client_eof();
        break;
      case Fault::ServerEof:
        run.server_eof();
        break;
      case Fault::ClientGarbage:
        run.client_bytes(garbage());
        break;
      case Fault::ServerGarbage:
        run.server_bytes(garbage());
        break;
    }
    finish(run, at);
  }

  // One byte of one message is another one; the conversation goes on around it.
  void corrupt(std::size_t at) {
    const Step& step = script_.steps[at];
    for (std::size_t i = 0; i < step.messages.size(); ++i) {
      Step damaged = step;
      std::string& message = damaged.messages[i];
      if (message.empty()) continue;
      message[random_() % message.size()] = static_cast<char>(random_());
      ScriptRun run(script_);
      run.play(0, at);
      run.perform(damaged, Cut{});
      run.play(at + 1, script_.steps.size());
      finish(run, at);
    }
  }

  void finish(ScriptRun& run, std::size_t at) {
    constexpr std::uint64_t kBytesMax = 8 << 20;
    run.client_eof();
    run.answer_what_is_open();
    run.server_eof();
    EXPECT_EQ(run.phase(), session::Phase::Closing) << script_.file << ", dropped at step " << at;
    EXPECT_LT(run.bytes_out(), kBytesMax);
  }

  std::string garbage() {
    std::string bytes(64, '\0');
    for (char& c : bytes) c = static_cast<char>(random_());
    return bytes;
  }

  std::mt19937 random_{20240601};  // NOLINT: the same garbage in every run
};

// The seeds of the fuzz targets are these scripts: PGCONCORD_UPDATE_GOLDEN=1 writes them.
class SeedsAreCurrent : public testing::Test {
 public:
  explicit SeedsAreCurrent(const std::vector<Script>& scripts) : scripts_(scripts) {}
  void TestBody() override {
    for (const auto& [path, content] : seeds(scripts_)) {
      const std::string file = test_support::source_path("tests/fuzz/corpus/" + path);
      if (test_support::updating_golden()) {
        std::ofstream(file, std::ios::binary) << content;
      }
      std::ostringstream found;
      found << std::ifstream(file, std::ios::binary).rdbuf();
      EXPECT_TRUE(found.str() == content)
          << path << " is not current: run this with PGCONCORD_UPDATE_GOLDEN=1";
    }
  }

 private:
  const std::vector<Script>& scripts_;
};

template <class Test>
void add(const Script& script, const char* suite) {
  std::string name = script.name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == '/'; }, ' ');
  testing::RegisterTest(suite, name.c_str(), nullptr, nullptr, script.file.c_str(),
                        static_cast<int>(script.line),
                        [&script]() -> ScriptTest* { return new Test(script); });
}

std::string stem_of(const std::string& path) { return std::filesystem::path(path).stem().string(); }

std::vector<std::string> trace_files() {
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(test_support::source_path("tests/wire"))) {
    if (entry.path().extension() == ".trace") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace
}  // namespace pgconcord::wire_test

int main(int count, char** arguments) {
  using namespace pgconcord::wire_test;
  testing::InitGoogleTest(&count, arguments);
  std::vector<std::vector<Script>> files;
  for (const std::string& path : trace_files()) {
    auto scripts = read_scripts(path);
    if (!scripts) {
      std::fprintf(stderr, "%s\n", scripts.error().c_str());
      return 1;
    }
    files.push_back(std::move(*scripts));
  }
  for (const auto& scripts : files) {
    testing::RegisterTest("SeedsAreCurrent", stem_of(scripts.front().file).c_str(), nullptr,
                          nullptr, __FILE__, __LINE__,
                          [&scripts]() -> testing::Test* { return new SeedsAreCurrent(scripts); });
    for (const Script& script : scripts) {
      add<CutAnywhere>(script, "CutAnywhere");
      add<DroppedAnywhere>(script, "DroppedAnywhere");
    }
  }
  return RUN_ALL_TESTS();
}
