// From SQL text to what to send, cached: outline -> facts -> decision -> splice -> proof. One
// PlanCache per worker. A hit costs the template key and a hash look-up; a miss parses the reduced
// text once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parser/outline.h"
#include "parser/statement.h"
#include "policies/decide.h"

namespace pgconcord::policies {

struct PlanLimits {
  std::size_t parse_bytes = 128 * 1024;
  std::size_t parse_depth = 500;
  std::size_t entries = 10'000;
};

// What one template is, whatever the session: facts, or the reason there are none. Immutable;
// shared with sessions.
struct Shape {
  Reason reason = Reason::None;  // TooLarge, TooDeep or Parse; None = `statements` is filled
  std::vector<parser::Statement> statements;
};
using ShapeRef = std::shared_ptr<const Shape>;

// What to do with one statement of that template in one situation. Immutable; shared with sessions.
struct Plan {
  Decision decision;   // decision.reason == Proof when the splice could not be proven
  std::string clause;  // rendered; empty unless decision.reason == None
};
using PlanRef = std::shared_ptr<const Plan>;

class PlanCache {
 public:
  explicit PlanCache(PlanLimits limits);

  // Parses at most once per template. Never null.
  ShapeRef shape(std::string_view sql, const parser::Outline& outline);

  // The plan for statement `index` of the text, which is an Insert. Cached by template, situation
  // and generations. Never null.
  PlanRef plan(std::string_view sql, const parser::Outline& outline, std::size_t index,
               const Situation& situation);

  // Templates held; calls of shape() and of plan() by outcome; templates that
  // do not parse.
  std::size_t entries() const;
  std::uint64_t hits() const;
  std::uint64_t misses() const;
  std::uint64_t parse_failures() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace pgconcord::policies
