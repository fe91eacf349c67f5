// Why a write under a policy was forwarded untouched: the closed list of the public contract (label
// `reason`).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgconcord::policies {

enum class Reason : std::uint8_t {
  None,  // not left alone
  TooLarge,
  TooDeep,
  Lexing,
  Parse,
  NotTopLevel,
  HasOnConflict,
  AliasExcluded,
  Name,
  View,
  ForeignTable,
  Rules,
  Inheritance,
  Deferrable,
  Exclusion,
  InvalidIndex,
  LeafIndex,
  PartitionKey,
  Privilege,
  RowSecurity,
  Trigger,
  Returning,
  SequenceKey,
  CteSameTable,
  Guarded,
  Pipeline,
  Rollout,
  Suspended,
  CatalogUnknown,
  NoColumnToTouch,
  UpdateShape,
  UpdateType,
  UpdateNotNull,
  UpdateSelfReference,
  CopyFreeze,
  CopyNoTemp,
  CopyRules,
  CopyView,
  CopySource,
  ReplayTooLarge,
  Proof,
};

inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::Proof) + 1;

// The label value, e.g. "has_on_conflict"; "" for None.
std::string_view label(Reason reason);

// One sentence for a person: what was found and the way out. For `explain` and `check`.
std::string_view explanation(Reason reason);

}  // namespace pgconcord::policies
