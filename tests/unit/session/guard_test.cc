#include "proxy/session/guard.h"

#include <gtest/gtest.h>

#include <string>

#include "proxy/limits.h"

namespace pgconcord::session {
namespace {

wire::CommandTag rows(std::uint64_t count) { return {"SELECT", count, true}; }

Guard after_look_up(std::string_view sql, const wire::CommandTag& tag) {
  Guard guard;
  guard.look_up(sql);
  guard.completed(tag);
  guard.begin();
  return guard;
}

TEST(Guard, CoversNothingAtFirst) {
  Guard guard;
  EXPECT_FALSE(guard.covers("users"));
  guard.begin();
  EXPECT_FALSE(guard.covers("users"));
}

TEST(Guard, ASavepointCoversTheNextStatementWhateverItsTable) {
  Guard guard;
  guard.savepoint();
  EXPECT_TRUE(guard.covers("users"));
  guard.other();
  EXPECT_FALSE(guard.covers("users"));
}

TEST(Guard, ABlockBehindALookUpThatFoundNothingCoversThatTable) {
  const Guard guard = after_look_up("SELECT * FROM \"Users\" WHERE id = 1", rows(0));
  EXPECT_TRUE(guard.covers("users"));
  EXPECT_FALSE(guard.covers("orders"));
}

TEST(Guard, ALookUpThatFoundARowCoversNothing) {
  EXPECT_FALSE(after_look_up("SELECT * FROM users", rows(1)).covers("users"));
}

TEST(Guard, AnEndWithoutACountCoversNothing) {
  EXPECT_FALSE(after_look_up("SELECT * FROM users", {}).covers("users"));
  EXPECT_FALSE(after_look_up("SELECT * FROM users", {"UPDATE", 0, true}).covers("users"));
}

TEST(Guard, ABlockOpenedBeforeTheAnswerIsAPipeline) {
  Guard guard;
  guard.look_up("SELECT * FROM users");
  guard.begin();
  guard.completed(rows(0));
  EXPECT_FALSE(guard.covers("users"));
}

TEST(Guard, AnythingInBetweenEndsIt) {
  Guard guard;
  guard.look_up("SELECT * FROM users");
  guard.completed(rows(0));
  guard.other();
  guard.begin();
  EXPECT_FALSE(guard.covers("users"));
}

TEST(Guard, ALookUpThatIsTooLongIsNotRemembered) {
  EXPECT_FALSE(after_look_up("SELECT * FROM users" + std::string(kGuardTextMax, ' '), rows(0))
                   .covers("users"));
}

}  // namespace
}  // namespace pgconcord::session
