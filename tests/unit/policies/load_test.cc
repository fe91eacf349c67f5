#include "policies/load.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace pgconcord::policies {
namespace {

namespace fs = std::filesystem;

Config loaded(std::string_view yaml) {
  auto config = load_text(yaml, "test.yaml");
  EXPECT_TRUE(config.has_value()) << render(config.error());
  return config ? *std::move(config) : Config{};
}

std::string errors_of(std::string_view yaml) {
  const auto config = load_text(yaml, "test.yaml");
  return config ? "" : render(config.error());
}

constexpr std::string_view kEverySetting = R"(
version: 1
mode: enforce
listen:
  - address: 0.0.0.0:6432
    tls: {mode: require, cert: server.crt, key: server.key, client_ca: ca.crt}
    proxy_protocol: {trusted: [10.0.0.0/8, "::1"]}
  - address: unix:/run/.s.PGSQL.6432
upstream:
  address: [a:5432, "unix:/run/.s.PGSQL.5432"]
  target_session_attrs: read-write
  connect_timeout: 500ms
  tls: {mode: verify-full, ca: ca, cert: c, key: k, negotiation: direct}
auth: {mode: scram, users_file: users.txt}
catalog: {source: url, url: "postgres://u@h/d", refresh: 2m}
admin: {address: "[::1]:9000", token_file: /run/token}
console: {database: console, users: [ops]}
workers: 3
limits: {max_clients: 7, inspect_bytes: 64kB, parse_depth: 100, startup_timeout: 10s, buffer_bytes: 65536, prepared_statements: 8, plan_cache: 9}
shutdown: {drain: 1h}
log: {level: debug, format: json, statements: none}
metrics: {max_constraint_series: 10, max_applications: 11, partitions: leaf}
policies:
  - name: all-of-it
    mode: observe
    table: '*."odd.name"'
    columns: [email, tenant]
    statement: insert
    action: do_update
    apply: up_front
    when: {databases: [shop], users: [a*, b], applications: [""]}
    guarded: rewrite
    returning: leave_alone
    report_rows: attempted
    rollout: 25%
    set: {hits: users.hits + 1, 'seen at': now(), "n": 1}
    where: EXCLUDED.at > users.at
    skip_unchanged: true
    triggers: rewrite
    duplicates: last
    on_sequence_drift: repair
)";

TEST(LoadText, AnEmptyFileMeansTheDefaults) {
  for (const std::string_view yaml : {"", "# only a comment\n", "---\n", "{}", "version: 1"}) {
    const Config config = loaded(yaml);
    EXPECT_EQ(config.mode, Mode::Observe);
    ASSERT_EQ(config.listeners.size(), 1U);
    EXPECT_EQ(config.listeners[0].address.text, "0.0.0.0:6432");
    EXPECT_EQ(config.upstream.addresses.at(0).text, "127.0.0.1:5432");
    EXPECT_EQ(config.admin.address.text, "127.0.0.1:9732");
    EXPECT_EQ(config.limits.inspect_bytes, 1024U * 1024U);
    EXPECT_TRUE(config.policies.empty());
  }
}

TEST(LoadText, ReadsEverySettingOfTheProgram) {
  const Config config = loaded(kEverySetting);
  EXPECT_EQ(config.file, "test.yaml");
  EXPECT_EQ(config.mode, Mode::Enforce);
  ASSERT_EQ(config.listeners.size(), 2U);
  EXPECT_EQ(config.listeners[0].tls.client_ca, "ca.crt");
  EXPECT_EQ(config.listeners[0].proxy_trusted, (std::vector<std::string>{"10.0.0.0/8", "::1"}));
  EXPECT_EQ(config.listeners[1].address.unix_path, "/run/.s.PGSQL.6432");
  EXPECT_EQ(config.listeners[1].tls.mode, "disable");
  ASSERT_EQ(config.upstream.addresses.size(), 2U);
  EXPECT_EQ(config.upstream.target_session_attrs, "read-write");
  EXPECT_EQ(config.upstream.connect_timeout, Milliseconds(500));
  EXPECT_EQ(config.upstream.tls.negotiation, "direct");
  EXPECT_EQ(config.auth_mode, "scram");
  EXPECT_EQ(config.users_file, "users.txt");
  EXPECT_EQ(config.catalog.source, CatalogSource::Url);
  EXPECT_EQ(config.catalog.refresh, Milliseconds(120'000));
  EXPECT_EQ(config.admin.address.host, "::1");
  EXPECT_EQ(config.console.users, std::vector<std::string>{"ops"});
  EXPECT_EQ(config.workers, 3U);
  EXPECT_EQ(config.limits.inspect_bytes, 64'000U);
  EXPECT_EQ(config.limits.buffer_bytes, 65'536U);
  EXPECT_EQ(config.limits.plan_cache, 9U);
  EXPECT_EQ(config.drain, Milliseconds(3'600'000));
  EXPECT_EQ(config.log.statements, "none");
  EXPECT_EQ(config.metrics.partitions, "leaf");
}

TEST(LoadText, ReadsEveryKeyOfAPolicy) {
  const Config config = loaded(kEverySetting);
  ASSERT_EQ(config.policies.size(), 1U);
  const Policy& policy = config.policies[0];
  EXPECT_EQ(policy.name, "all-of-it");
  EXPECT_EQ(policy.mode, Mode::Observe);
  EXPECT_EQ(policy.schema, "*");
  EXPECT_EQ(policy.table, "odd.name");
  EXPECT_EQ(policy.columns, (std::vector<std::string>{"email", "tenant"}));
  EXPECT_EQ(policy.action, Action::DoUpdate);
  EXPECT_EQ(policy.apply, Apply::UpFront);
  EXPECT_EQ(policy.when.users, (std::vector<std::string>{"a*", "b"}));
  EXPECT_EQ(policy.when.applications, std::vector<std::string>{""});
  EXPECT_EQ(policy.guarded, Guarded::Rewrite);
  EXPECT_EQ(policy.report_rows, ReportRows::Attempted);
  EXPECT_EQ(policy.rollout_percent, 25);
  const std::vector<std::pair<std::string, std::string>> set{
      {"hits", "users.hits + 1"}, {"seen at", "now()"}, {"n", "1"}};
  EXPECT_EQ(policy.set, set);
  EXPECT_EQ(policy.where, "EXCLUDED.at > users.at");
  EXPECT_TRUE(policy.skip_unchanged);
  EXPECT_EQ(policy.triggers, Triggers::Rewrite);
  EXPECT_EQ(policy.duplicates, Duplicates::Last);
  EXPECT_EQ(policy.on_sequence_drift, SequenceDrift::Repair);
  EXPECT_EQ(policy.line, 24U);
  EXPECT_EQ(policy.file, "test.yaml");
}

TEST(LoadText, AModeAboveTheCeilingIsLoweredAndRemembered) {
  const Config config = loaded(
      "mode: observe\n"
      "policies:\n"
      "  - {name: a, table: p.t, constraint: k, action: do_nothing}\n"
      "  - {name: b, table: p.t, constraint: k, action: do_nothing, mode: off}\n");
  EXPECT_EQ(config.policies.at(0).mode, Mode::Observe);
  EXPECT_EQ(config.policies.at(0).written_mode, Mode::Enforce);
  EXPECT_EQ(config.policies.at(1).mode, Mode::Off);
}

TEST(LoadText, OffIsAWordAndNotAFalsehood) { EXPECT_EQ(loaded("mode: off").mode, Mode::Off); }

TEST(LoadText, OneServerNeedsNoList) {
  EXPECT_EQ(loaded("upstream: {address: db:1}").upstream.addresses.at(0).text, "db:1");
}

TEST(LoadText, AnyConstraintIsRightOnViolation) {
  const Config config = loaded(
      "policies:\n"
      "  - {name: a, table: '*.t', constraint: '*', action: do_nothing, apply: on_violation}\n");
  EXPECT_EQ(config.policies.at(0).constraint, "*");
}

TEST(LoadText, AByteOrderMarkAndCarriageReturnsAreNoError) {
  EXPECT_EQ(loaded("\xEF\xBB\xBFworkers: 3\r\nmode: off\r\n").workers, 3U);
  EXPECT_EQ(errors_of("\xEF\xBB\xBFworkers: x\r\n"),
            "test.yaml:1:10: error: `x` is not a whole number\n"
            " 1 | workers: x\n"
            "   |          ^\n"
            "  help: write digits only, without a leading zero\n");
}

TEST(LoadText, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(errors_of("mode: off\nlog: {level: \xE4}\n"),
            "test.yaml:2:14: error: the file is not UTF-8\n"
            " 2 | log: {level: ?}\n"
            "   |              ^\n"
            "  help: save it as UTF-8\n");
  for (const std::string_view bad :
       {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xFF\xFEm\x00o", "\x80"}) {
    EXPECT_NE(errors_of(bad).find("not UTF-8"), std::string::npos);
  }
}

TEST(LoadText, RefusesControlCharacters) {
  EXPECT_NE(errors_of("mode: \x1b[31m").find("control character"), std::string::npos);
  EXPECT_NE(errors_of(std::string_view("mode\0: off", 10)).find("control character"),
            std::string::npos);
}

TEST(LoadText, RefusesAFileThatIsTooLarge) {
  EXPECT_EQ(errors_of(std::string(1024 * 1024 + 1, '#')),
            "test.yaml: error: the file is larger than 1 MiB\n"
            "  help: split the policies over several files with `include`\n");
}

TEST(LoadText, TheNumberOfErrorsIsBounded) {
  std::string yaml;
  for (int index = 0; index < 250; ++index) yaml += "key" + std::to_string(index) + ": 1\n";
  const auto config = load_text(yaml, "test.yaml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().size(), 101U);
  EXPECT_EQ(config.error().back().message, "150 more errors");
}

TEST(LoadText, DeepNestingNeitherCrashesNorTakesLong) {
  for (const std::string_view part : {"[", "{a: ", "- ", "? ", "a:\n "}) {
    std::string yaml = "workers: ";
    if (part == "- " || part == "? ") yaml.clear();
    for (int index = 0; index < 20'000; ++index) yaml += part;
    EXPECT_NE(errors_of(yaml), "") << part;
  }
}

TEST(LoadText, AHostileLineIsNotShownForEveryError) {
  std::string yaml = "policies: [";
  for (int index = 0; index < 300; ++index) yaml += "{name: P, tabel: p.t, action: x}, ";
  const auto config = load_text(yaml + "]", "test.yaml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().at(0).source_line, "");
  EXPECT_EQ(render(config.error()).find(" | "), std::string::npos);
}

TEST(LoadText, TheNumberOfServersIsBounded) {
  std::string yaml = "upstream: {address: [";
  for (int port = 1; port <= 65; ++port) yaml += "db:" + std::to_string(port) + ", ";
  EXPECT_NE(errors_of(yaml + "]}").find("names more than 64 servers"), std::string::npos);
}

TEST(LoadText, KeepsIncludePatternsForLoadFile) {
  EXPECT_EQ(errors_of("include: [nothing-there.yaml]"), "");
}

class LoadFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::path(testing::TempDir()) /
        (std::string("load_file_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  // The errors with the folder taken out of them.
  std::string errors(const std::string& path) {
    const auto config = load_file(path);
    std::string text = config ? "" : render(config.error());
    const std::string prefix = folder_.string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
      text.erase(at, prefix.size());
    }
    return text;
  }
  fs::path folder_;
};

std::string policy(const std::string& name) {
  return "- {name: " + name + ", table: p.t, constraint: k, action: do_nothing}\n";
}

TEST_F(LoadFile, IncludedPoliciesFollowThoseOfTheFileInNameOrder) {
  write("policies/b.yaml", policy("b"));
  write("policies/a.yaml", "policies:\n" + policy("a1") + policy("a2"));
  write("policies/.hidden.yaml", "not: [a policy");
  write("policies/readme.txt", "not: [a policy");
  write("empty.yaml", "");
  const auto config =
      load_file(write("main.yaml",
                      "mode: observe\ninclude: [policies/*.yaml, policies/b.yaml, empty.yaml]\n"
                      "policies:\n" +
                          policy("main")));
  ASSERT_TRUE(config.has_value()) << render(config.error());
  std::string names;
  for (const Policy& each : config->policies) names += each.name + " ";
  EXPECT_EQ(names, "main a1 a2 b ");
  EXPECT_EQ(config->policies[3].file, (folder_ / "policies/b.yaml").string());
  EXPECT_EQ(config->policies[3].mode, Mode::Observe);
}

TEST_F(LoadFile, ErrorsNameTheIncludedFile) {
  write("a.yaml", "- {name: main, table: p.t, constraint: k, action: do_nothing}\n- {nme: b}\n");
  EXPECT_EQ(
      errors(write("main.yaml", "include: [a.yaml]\nmoode: off\npolicies:\n" + policy("main"))),
      "main.yaml:2:1: error: unknown key `moode` at the top level\n"
      " 2 | moode: off\n"
      "   | ^\n"
      "  help: did you mean `mode`?\n"
      "\n"
      "a.yaml:1:10: error: the name `main` is already used\n"
      " 1 | - {name: main, table: p.t, constraint: k, action: do_nothing}\n"
      "   |          ^\n"
      "  help: the first is at main.yaml:4; names are unique\n"
      "\n"
      "a.yaml:2:3: error: `table` is missing in a policy\n"
      " 2 | - {nme: b}\n"
      "   |   ^\n"
      "  help: add `table:`; `schema.table`; `*` as schema = any schema.\n"
      "\n"
      "a.yaml:2:3: error: `action` is missing in a policy\n"
      " 2 | - {nme: b}\n"
      "   |   ^\n"
      "  help: add `action:`; allowed: `do_nothing`, `do_update`, `return_existing`, "
      "`insert_missing`\n"
      "\n"
      "a.yaml:2:3: error: the policy names neither `constraint` nor `columns`\n"
      " 2 | - {nme: b}\n"
      "   |   ^\n"
      "  help: add `constraint:` with the name PostgreSQL reports in the error\n"
      "\n"
      "a.yaml:2:4: error: unknown key `nme` in a policy\n"
      " 2 | - {nme: b}\n"
      "   |    ^\n"
      "  help: did you mean `name`?\n");
}

TEST_F(LoadFile, APatternThatMatchesNothingIsAnError) {
  EXPECT_EQ(errors(write("main.yaml", "include:\n  - '*.yml'\n  - missing.yaml\n")),
            "main.yaml:2:5: error: no file matches `*.yml`\n"
            " 2 |   - '*.yml'\n"
            "   |     ^\n"
            "  help: patterns start at the folder of this file\n"
            "\n"
            "main.yaml:3:5: error: `missing.yaml` cannot be read: No such file or directory\n"
            " 3 |   - missing.yaml\n"
            "   |     ^\n");
}

TEST_F(LoadFile, FoldersAndBadPatternsAreErrors) {
  write("policies/a.yaml", policy("a"));
  const std::string shown =
      errors(write("main.yaml", "include: [policies, pol*/a.yaml, none/*.yaml, '']\n"));
  EXPECT_NE(shown.find("`policies` cannot be read: Is a directory"), std::string::npos) << shown;
  EXPECT_NE(shown.find("may only stand in the name of the file"), std::string::npos) << shown;
  EXPECT_NE(shown.find("`none` cannot be read: No such file"), std::string::npos) << shown;
  EXPECT_NE(shown.find("empty file name"), std::string::npos) << shown;
}

TEST_F(LoadFile, AFileThatIncludesItselfIsAnError) {
  write("a.yaml", policy("a"));
  EXPECT_EQ(errors(write("main.yaml", "include: ['*.yaml']\n")),
            "main.yaml:1:11: error: `*.yaml` includes this file itself\n"
            " 1 | include: ['*.yaml']\n"
            "   |           ^\n"
            "  help: name the other files only\n");
}

TEST_F(LoadFile, AnIncludedFileHoldsPoliciesOnly) {
  write("a.yaml", "include: [b.yaml]\nmode: off\npolicies: []\n");
  write("b.yaml", "just text");
  const std::string shown = errors(write("main.yaml", "include: [a.yaml, b.yaml]\n"));
  EXPECT_NE(shown.find("a.yaml:1:1: error: an included file cannot hold `include`"),
            std::string::npos)
      << shown;
  EXPECT_NE(shown.find("a.yaml:2:1: error: an included file cannot hold `mode`"), std::string::npos)
      << shown;
  EXPECT_NE(shown.find("b.yaml:1:1: error: an included file must be a list of policies"),
            std::string::npos)
      << shown;
}

TEST_F(LoadFile, SaysWhyItCannotReadAFile) {
  EXPECT_EQ(errors((folder_ / "none.yaml").string()),
            "none.yaml: error: the file cannot be read: No such file or directory\n");
  fs::create_directories(folder_ / "folder");
  EXPECT_EQ(errors((folder_ / "folder").string()),
            "folder: error: the file cannot be read: Is a directory\n");
}

}  // namespace
}  // namespace pgconcord::policies
