#include "metrics/incidents.h"

#include <gtest/gtest.h>

#include <string>

#include "metrics/application_name.h"

namespace pgconcord::metrics {
namespace {

using std::chrono::milliseconds;

struct IncidentsTest : testing::Test {
  Incidents incidents{3};
  Violation email{"public", "users", "users_email_key", "unique", "insert"};

  Incidents::Recorded record(const std::string& constraint, std::string_view application = "web",
                             TemplateId statement = {1, 2}) {
    email.constraint = constraint;
    Evidence evidence;
    evidence.session = 1;
    return incidents.record({"shop", application, email, statement, "email", "", evidence});
  }
};

TEST_F(IncidentsTest, GroupsByConstraintStatementAndApplication) {
  const auto first = record("a");
  EXPECT_EQ(record("a").group, first.group);
  EXPECT_NE(record("a", "batch").group, first.group);
  EXPECT_NE(record("a", "web", {3, 4}).group, first.group);
  const auto top = incidents.top(10);
  ASSERT_EQ(top.size(), 3U);
  EXPECT_EQ(top[0].count, 2U);
  EXPECT_EQ(top[0].application, "web");
  EXPECT_EQ(top[0].key_columns, "email");
  EXPECT_LE(top[0].first_seen, top[0].last_seen);
}

TEST_F(IncidentsTest, AsksForTheTextUntilItIsThere) {
  const auto recorded = record("a");
  EXPECT_TRUE(recorded.wants_text);
  incidents.describe(recorded.group, std::string(5000, 'x'));
  EXPECT_FALSE(record("a").wants_text);
  EXPECT_EQ(incidents.top(1)[0].text.size(), Incidents::kTextMax);
}

TEST_F(IncidentsTest, CountsOutcomesAndCauses) {
  const auto recorded = record("a");
  record("a");
  incidents.ended(recorded.group, Outcome::Recovered);
  const IncidentGroup group = incidents.top(1)[0];
  EXPECT_EQ(group.outcomes[static_cast<std::size_t>(Outcome::Recovered)], 1U);
  EXPECT_EQ(group.causes[static_cast<std::size_t>(Cause::Unknown)], 2U);
}

TEST_F(IncidentsTest, TheRarestMakesRoom) {
  record("a");
  record("a");
  const auto rare = record("b");
  record("c");
  record("c");
  record("d");
  EXPECT_EQ(incidents.forgotten(), 1U);
  for (const IncidentGroup& group : incidents.top(10)) EXPECT_NE(group.id, rare.group);
  incidents.ended(rare.group, Outcome::RolledBack);
  EXPECT_EQ(incidents.top(10).size(), 3U);
}

TEST_F(IncidentsTest, ForgedNamesStayShort) {
  record(std::string(100'000, 'n'), std::string(100'000, 'a'));
  EXPECT_EQ(incidents.top(1)[0].violation.constraint.size(), 63U);
  EXPECT_EQ(incidents.top(1)[0].application.size(), 63U);
}

TEST_F(IncidentsTest, BurstsTellWhatIsNew) {
  record("a");
  record("a");
  auto bursts = incidents.take_bursts();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].count, 2U);
  EXPECT_TRUE(incidents.take_bursts().empty());
  record("a");
  bursts = incidents.take_bursts();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].count, 1U);
  EXPECT_EQ(bursts[0].group.count, 3U);
}

TEST(RecentWrites, TellsWhoSentTheSameWriteLast) {
  RecentWrites writes;
  EXPECT_EQ(writes.note(99, 1, milliseconds(1000)).session, 0U);
  const SameWrite before = writes.note(99, 2, milliseconds(1500));
  EXPECT_EQ(before.session, 1U);
  EXPECT_EQ(before.at, milliseconds(1000));
  EXPECT_EQ(writes.note(100, 3, milliseconds(1600)).session, 0U);
}

TEST(ApplicationLabel, LeavesOutWhatDiffersFromProcessToProcess) {
  EXPECT_EQ(application_label("gunicorn-12345"), "gunicorn-#");
  EXPECT_EQ(application_label("worker@host42"), "worker@host42");
  EXPECT_EQ(application_label("job 3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
            "job #-4f89-11d3-9a0c-#");
  EXPECT_EQ(application_label("psql"), "psql");
  EXPECT_EQ(application_label("feedfacade"), "feedfacade");
  EXPECT_EQ(application_label(""), "unknown");
}

}  // namespace
}  // namespace pgconcord::metrics
