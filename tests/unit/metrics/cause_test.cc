#include "metrics/cause.h"

#include <gtest/gtest.h>

namespace pgconcord::metrics {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kEmail = 11;
constexpr std::uint64_t kSlug = 12;

Evidence clash(std::uint32_t session, milliseconds now, std::uint64_t key) {
  Evidence evidence;
  evidence.session = session;
  evidence.now = now;
  evidence.statement = WriteKind::Insert;
  evidence.rows = 1;
  evidence.key_source = KeySource::Supplied;
  evidence.key_hash = key;
  return evidence;
}

struct CauseTest : testing::Test {
  CauseClassifier causes;
};

TEST_F(CauseTest, ALoneClashIsUnknown) {
  EXPECT_EQ(causes.judge(kEmail, clash(1, milliseconds(1000), 7)), Cause::Unknown);
}

TEST_F(CauseTest, AKeyFromASequenceIsDriftWhateverElseIsSeen) {
  Evidence evidence = clash(1, milliseconds(1000), 7);
  evidence.key_source = KeySource::Generated;
  evidence.rows = 50;
  evidence.checked_first = true;
  EXPECT_EQ(causes.judge(kEmail, evidence), Cause::SequenceDrift);
}

TEST_F(CauseTest, CopyAndSeveralRowsAreAnImport) {
  Evidence copy = clash(1, milliseconds(1000), 7);
  copy.statement = WriteKind::Copy;
  copy.rows = 0;
  EXPECT_EQ(causes.judge(kEmail, copy), Cause::RepeatedImport);
  Evidence rows = clash(1, milliseconds(1000), 8);
  rows.rows = 2;
  EXPECT_EQ(causes.judge(kEmail, rows), Cause::RepeatedImport);
}

TEST_F(CauseTest, ManyKeysFromOneSessionAreAnImportRowByRow) {
  EXPECT_EQ(causes.judge(kEmail, clash(1, milliseconds(1000), 1)), Cause::Unknown);
  EXPECT_EQ(causes.judge(kEmail, clash(1, milliseconds(1100), 2)), Cause::Unknown);
  EXPECT_EQ(causes.judge(kEmail, clash(1, milliseconds(1200), 3)), Cause::Unknown);
  EXPECT_EQ(causes.judge(kEmail, clash(1, milliseconds(1300), 4)), Cause::RepeatedImport);
  EXPECT_EQ(causes.judge(kEmail, clash(1, milliseconds(1400), 5)), Cause::RepeatedImport);
}

TEST_F(CauseTest, ManyKeysOverALongTimeAreNoImport) {
  for (std::uint64_t key = 1; key < 20; ++key) {
    const auto now = milliseconds(1000) + kImportWindow * key;
    EXPECT_EQ(causes.judge(kEmail, clash(1, now, key)), Cause::Unknown) << key;
  }
}

TEST_F(CauseTest, ManyKeysFromManySessionsAreNoImport) {
  for (std::uint32_t session = 1; session < 20; ++session) {
    EXPECT_EQ(causes.judge(kEmail, clash(session, milliseconds(1000), session)), Cause::Unknown);
  }
}

TEST_F(CauseTest, TwoSessionsOnOneKeyAtOnceAreARace) {
  causes.judge(kEmail, clash(1, milliseconds(1000), 7));
  EXPECT_EQ(causes.judge(kEmail, clash(2, milliseconds(1000) + kRaceWindow, 7)), Cause::Race);
}

TEST_F(CauseTest, TheSameKeyOfAnotherConstraintProvesNothing) {
  causes.judge(kEmail, clash(1, milliseconds(1000), 7));
  EXPECT_EQ(causes.judge(kSlug, clash(2, milliseconds(1000), 7)), Cause::Unknown);
}

TEST_F(CauseTest, TheSameKeyLaterOrInTheSameSessionIsARepeatedWrite) {
  causes.judge(kEmail, clash(1, milliseconds(1000), 7));
  EXPECT_EQ(causes.judge(kEmail, clash(1, milliseconds(1100), 7)), Cause::RepeatedWrite);
  EXPECT_EQ(causes.judge(kEmail, clash(2, milliseconds(9000), 7)), Cause::RepeatedWrite);
}

TEST_F(CauseTest, WhoLookedFirstLostARace) {
  Evidence evidence = clash(1, milliseconds(1000), 7);
  evidence.checked_first = true;
  EXPECT_EQ(causes.judge(kEmail, evidence), Cause::Race);
}

TEST_F(CauseTest, TheSameWriteOfAnotherSessionIsARaceWhenRecent) {
  Evidence evidence = clash(2, milliseconds(5000), 7);
  evidence.same_write = {1, milliseconds(4000)};
  EXPECT_EQ(causes.judge(kEmail, evidence), Cause::Race);
  evidence.key_hash = 8;
  evidence.same_write = {1, milliseconds(1000)};
  EXPECT_EQ(causes.judge(kEmail, evidence), Cause::RepeatedWrite);
}

TEST_F(CauseTest, AKeyTheServerDoesNotTellIsNeverTheSameKey) {
  causes.judge(kEmail, clash(1, milliseconds(1000), 0));
  EXPECT_EQ(causes.judge(kEmail, clash(2, milliseconds(1000), 0)), Cause::Unknown);
}

}  // namespace
}  // namespace pgconcord::metrics
