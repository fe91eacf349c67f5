// The one table of keys and the documents made from it.
#include "policies/schema.h"

#include <gtest/gtest.h>

#include <set>

#include "policies/load.h"
#include "policies/value.h"
#include "tests/support/golden.h"

namespace pgconcord::policies {
namespace {

using test_support::expect_golden_file;
using test_support::source_path;

// What the field of a key holds in values as config.h and policy.h initialise them, and in
// default_config().
std::string initial_text(const Key& key, Config& config) {
  Listener listener = default_config().listeners.at(0);
  Policy policy;
  if (key.section().substr(0, 6) == "listen") return value_text(key, &listener);
  if (key.section().substr(0, 8) == "policies") return value_text(key, &policy);
  return value_text(key, &config);
}

TEST(Schema, EveryPathIsThereOnce) {
  std::set<std::string_view> paths;
  for (const Key& key : schema()) EXPECT_TRUE(paths.insert(key.path).second) << key.path;
}

TEST(Schema, EveryKeyHasHelpAndASectionOfItsOwn) {
  for (const Key& key : schema()) {
    EXPECT_FALSE(key.help.empty()) << key.path;
    EXPECT_EQ(find_key(key.section(), key.name()), &key) << key.path;
    EXPECT_EQ(key.words().size() >= 2, key.type == KeyType::Word) << key.path;
  }
}

TEST(Schema, EveryDefaultIsAValueThatTheKeyAccepts) {
  for (const Key& key : schema()) {
    if (key.default_text.empty()) continue;
    Value value;
    EXPECT_TRUE(add_scalar(key, key.default_text, value).has_value()) << key.path;
  }
}

TEST(Schema, EveryDefaultIsTheOneOfDefaultConfig) {
  Config config = default_config();
  for (const Key& key : schema()) {
    if (key.slot.load == nullptr || key.presence == Presence::Required) continue;
    EXPECT_EQ(initial_text(key, config), key.default_text) << key.path;
  }
}

TEST(Schema, EveryDefaultIsTheInitialValueOfItsField) {
  Config config;
  for (const Key& key : schema()) {
    const bool address = key.type == KeyType::ListenAddress || key.type == KeyType::ServerAddresses;
    if (key.slot.load == nullptr || key.presence == Presence::Required || address) continue;
    EXPECT_EQ(initial_text(key, config), key.default_text) << key.path;
  }
}

// The enumerations of policy.h count as the words of the table do.
TEST(Schema, WordsStandInTheOrderOfTheirEnumeration) {
  const auto word = [](std::string_view name, std::size_t index) {
    return find_key("policies[].", name)->words().at(index);
  };
  for (const Mode each : {Mode::Off, Mode::Observe, Mode::Enforce}) {
    EXPECT_EQ(word("mode", static_cast<std::size_t>(each)), label(each));
  }
  for (const StatementKind each :
       {StatementKind::Insert, StatementKind::Update, StatementKind::Copy}) {
    EXPECT_EQ(word("statement", static_cast<std::size_t>(each)), label(each));
  }
  for (const Action each :
       {Action::DoNothing, Action::DoUpdate, Action::ReturnExisting, Action::InsertMissing}) {
    EXPECT_EQ(word("action", static_cast<std::size_t>(each)), label(each));
  }
  for (const Apply each : {Apply::Auto, Apply::OnViolation, Apply::UpFront}) {
    EXPECT_EQ(word("apply", static_cast<std::size_t>(each)), label(each));
  }
}

TEST(Schema, JsonSchemaInTheDocumentsIsCurrent) {
  expect_golden_file(source_path("docs/pgconcord.schema.json"), json_schema());
}

TEST(Schema, ReferenceInTheDocumentsIsCurrent) {
  expect_golden_file(source_path("docs/configuration-keys.md"), reference_markdown());
}

}  // namespace
}  // namespace pgconcord::policies
