// libpq's table of target_session_attrs, for servers that report both parameters.
#include "proxy/session/server_choice.h"

#include <gtest/gtest.h>

namespace pgconcord::session {
namespace {

Fit fit(const char* attributes, std::optional<bool> standby, std::optional<bool> read_only) {
  ServerChoice choice;
  choice.attributes = attributes;
  if (standby) choice.note({"in_hot_standby", *standby ? "on" : "off"});
  if (read_only) choice.note({"default_transaction_read_only", *read_only ? "on" : "off"});
  return choice.fit();
}

TEST(ServerChoice, JudgesAsLibpqDoes) {
  struct Row {
    const char* attributes;
    Fit primary, read_only_primary, standby;
  };
  for (const Row& row : {Row{"any", Fit::Fits, Fit::Fits, Fit::Fits},
                         Row{"read-write", Fit::Fits, Fit::Unfit, Fit::Unfit},
                         Row{"read-only", Fit::Unfit, Fit::Fits, Fit::Fits},
                         Row{"primary", Fit::Fits, Fit::Fits, Fit::Unfit},
                         Row{"standby", Fit::Unfit, Fit::Unfit, Fit::Fits},
                         Row{"prefer-standby", Fit::Unfit, Fit::Unfit, Fit::Fits}}) {
    EXPECT_EQ(fit(row.attributes, false, false), row.primary) << row.attributes;
    EXPECT_EQ(fit(row.attributes, false, true), row.read_only_primary) << row.attributes;
    EXPECT_EQ(fit(row.attributes, true, false), row.standby) << row.attributes;
  }
}

TEST(ServerChoice, DoesNotGuessWhatAServerDoesNotTell) {
  EXPECT_EQ(fit("primary", std::nullopt, std::nullopt), Fit::NotTold);
  EXPECT_EQ(fit("primary", false, std::nullopt), Fit::NotTold);
  EXPECT_EQ(fit("read-only", std::nullopt, true), Fit::NotTold);
  EXPECT_EQ(fit("any", std::nullopt, std::nullopt), Fit::Fits);
}

TEST(ServerChoice, ForgetsOneServerBeforeTheNext) {
  ServerChoice choice;
  choice.attributes = "standby";
  choice.note({"in_hot_standby", "on"});
  choice.note({"default_transaction_read_only", "off"});
  EXPECT_EQ(choice.fit(), Fit::Fits);
  choice.begin_anew();
  EXPECT_EQ(choice.fit(), Fit::NotTold);
}

}  // namespace
}  // namespace pgconcord::session
