// From SQL text to what to send, cached: outline -> facts -> decision -> splice -> proof. One
// PlanCache per worker. A hit costs the template key and a hash look-up; a miss parses the reduced
// text once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/edit.h"
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
  Decision decision;   // decision.reason == Proof when the edit could not be proven
  std::string clause;  // rendered; empty unless it is to be added
  // For one text only, whose rows it leaves out; otherwise the edit follows from the clause.
  std::optional<parser::TextEdit> edit;
  ShapeRef shape;  // whose statement `index` it is about
  std::size_t index = 0;
};
using PlanRef = std::shared_ptr<const Plan>;

// Something is to be sent in the place of the statement. False for what is left alone, what is only
// counted without knowing the catalog, and a remedy that needs no text.
bool changes_text(const Plan& plan);

// The edit that carries out a plan that changes text, on `sql`, a text of its template.
parser::TextEdit edit_of(const Plan& plan, std::string_view sql,
                         const parser::StatementSpan& statement);

// Of a plan whose remedy is StageRows: the statements of that edit one by one.
parser::StagedCopy staged_copy_of(const Plan& plan, std::string_view sql,
                                  const parser::StatementSpan& statement);

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
