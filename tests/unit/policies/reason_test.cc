#include "policies/reason.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

namespace pgconcord::policies {
namespace {

// The closed list of the public contract, word for word.
constexpr std::string_view kContract =
    "too_large too_deep lexing parse not_top_level has_on_conflict alias_excluded name view "
    "foreign_table rules "
    "inheritance deferrable exclusion invalid_index leaf_index partition_key privilege "
    "row_security trigger returning "
    "sequence_key cte_same_table guarded pipeline rollout suspended catalog_unknown "
    "no_column_to_touch update_shape "
    "update_type update_not_null update_self_reference copy_freeze copy_no_temp copy_rules "
    "copy_view copy_source "
    "replay_too_large proof";

TEST(Reason, LabelsAreTheClosedListOfTheContract) {
  std::istringstream words{std::string(kContract)};
  std::size_t number = 1;
  for (std::string word; words >> word; ++number) {
    ASSERT_LT(number, kReasonCount);
    EXPECT_EQ(label(static_cast<Reason>(number)), word);
  }
  EXPECT_EQ(number, kReasonCount);
  EXPECT_EQ(label(Reason::None), "");
}

TEST(Reason, EveryReasonExplainsItselfInASentenceOfItsOwn) {
  std::set<std::string_view> seen;
  for (std::size_t i = 1; i < kReasonCount; ++i) {
    const std::string_view text = explanation(static_cast<Reason>(i));
    EXPECT_TRUE(text.ends_with('.')) << text;
    EXPECT_TRUE(seen.insert(text).second) << text;
  }
}

}  // namespace
}  // namespace pgconcord::policies
