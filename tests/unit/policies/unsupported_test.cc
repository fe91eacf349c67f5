#include "policies/unsupported.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgconcord::policies {
namespace {

std::vector<std::string> refused(std::string_view yaml) {
  const auto config = load_text(yaml, "test.yaml");
  EXPECT_TRUE(config.has_value()) << render(config.error());
  std::vector<std::string> messages;
  for (const ConfigError& each : not_in_this_build(*config)) {
    EXPECT_FALSE(each.help.empty());
    messages.push_back(each.message.substr(0, each.message.find(" is not implemented")));
  }
  return messages;
}

TEST(NotInThisBuild, TheDefaultsAreImplemented) {
  EXPECT_TRUE(not_in_this_build(default_config()).empty());
}

TEST(NotInThisBuild, WhatIsImplementedIsNotRefused) {
  EXPECT_THAT(
      refused(
          "policies:\n"
          "  - {name: a, table: p.t, constraint: k, action: do_update, set: {a: b},\n"
          "     where: a, skip_unchanged: true, triggers: rewrite, rollout: 5%,\n"
          "     guarded: rewrite, apply: up_front}\n"
          "  - {name: b, table: p.t, columns: [c], action: return_existing}\n"
          "  - {name: c, table: p.t, columns: [c], action: do_nothing, returning: omit,\n"
          "     report_rows: attempted, duplicates: last}\n"
          "  - {name: d, table: p.t, constraint: k, action: do_update, duplicates: first}\n"
          "  - {name: e, table: p.t, constraint: k, statement: update, action: insert_missing,\n"
          "     set: {a: b}}\n"
          "  - {name: f, table: p.t, constraint: k, statement: update, action: do_nothing}\n"
          "  - {name: g, table: p.t, constraint: k, statement: copy, action: do_update,\n"
          "     duplicates: last}\n"),
      testing::IsEmpty());
}

TEST(NotInThisBuild, EverySettingOfALaterReleaseIsNamed) {
  EXPECT_THAT(refused("catalog: {source: url, url: 'postgres://db'}\n"
                      "console: {users: [a]}\n"
                      "metrics: {partitions: leaf}\n"),
              testing::ElementsAre("catalog.source: url", "metrics.partitions: leaf"));
}

TEST(NotInThisBuild, EveryKeyOfAPolicyOfALaterReleaseIsNamed) {
  EXPECT_THAT(
      refused("policies:\n"
              "  - {name: b, table: p.t, constraint: k, statement: copy, action: do_nothing,\n"
              "     apply: on_violation}\n"
              "  - {name: c, table: p.t, constraint: k, action: do_nothing, on_sequence_drift: "
              "repair}\n"),
      testing::ElementsAre("policy `b`: `statement: copy` with `apply: on_violation`",
                           "policy `c`: `on_sequence_drift: repair`"));
}

TEST(NotInThisBuild, IsRenderedWithThePlaceOfThePolicy) {
  const auto config = load_text(
      "policies:\n  - {name: a, table: p.t, constraint: k, statement: copy, action: do_nothing,\n"
      "     apply: on_violation}\n",
      "test.yaml");
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(render(not_in_this_build(*config)),
            "test.yaml:2: error: policy `a`: `statement: copy` with `apply: on_violation` is not "
            "implemented in this release\n"
            "  help: use `apply: up_front`\n");
}

}  // namespace
}  // namespace pgconcord::policies
