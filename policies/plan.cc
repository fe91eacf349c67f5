// A bounded map of templates, the one used longest ago going first. Each template holds its shape
// and the plans made for it: one per statement and situation, compared in full, so that a hit is
// never a matter of luck.
#include "policies/plan.h"

#include <algorithm>
#include <list>
#include <unordered_map>
#include <utility>
#include <variant>

#include "parser/edit.h"
#include "parser/on_conflict.h"
#include "parser/parse.h"

namespace pgconcord::policies {
namespace {

// Roles, search paths and generations that one statement is planned for at the same time.
constexpr std::size_t kPlansPerTemplate = 64;

// Three names of at most 63 bytes and their ends.
constexpr std::size_t kViolatedNamesMax = 192;

// Everything of a Situation that decide() looks at. The role is part of the catalog;
// policies that point into a configuration that is gone are never reached, because the selection's
// id names the generation.
struct SituationKey {
  std::size_t index = 0;
  std::uint64_t selection = 0;
  std::uint64_t catalog = 0;
  std::uint64_t suspensions = 0;
  Oid table = 0;
  bool guarded = false;
  std::string violated;  // schema, table and constraint; empty up front
  friend bool operator==(const SituationKey&, const SituationKey&) = default;
};

SituationKey key_of(std::size_t index, const Situation& situation) {
  SituationKey key;
  key.index = index;
  if (situation.selection != nullptr) key.selection = situation.selection->id;
  if (situation.catalog != nullptr) key.catalog = situation.catalog->id();
  if (situation.suspensions != nullptr) key.suspensions = situation.suspensions->generation();
  key.table = situation.table;
  key.guarded = situation.guarded;
  if (situation.moment == Moment::AfterViolation) {
    for (const std::string_view name :
         {situation.violated_schema, situation.violated_table, situation.violated_constraint}) {
      key.violated.append(name).push_back('\0');
    }
  }
  return key;
}

struct KeyHash {
  std::size_t operator()(const parser::TemplateKey& key) const {
    return static_cast<std::size_t>(key.high ^ key.low);  // both halves are hashes already
  }
};

struct Entry {
  parser::TemplateKey key;
  ShapeRef shape;
  std::vector<std::pair<SituationKey, PlanRef>> plans;
  std::size_t next_out = 0;  // the plan that makes room when there are too many
};

ShapeRef shape_without(Reason reason) {
  auto shape = std::make_shared<Shape>();
  shape->reason = reason;
  return shape;
}

ShapeRef parse_shape(std::string_view sql, const parser::Outline& outline,
                     const PlanLimits& limits) {
  if (outline.depth_max > limits.parse_depth) return shape_without(Reason::TooDeep);
  const std::string text = parser::reduced(sql, outline);
  if (text.size() > limits.parse_bytes) return shape_without(Reason::TooLarge);
  auto parsed = parser::parse(text);
  // The lexer and the grammar must see the same statements: indexes of one are used with the other.
  if (!parsed || parsed->size() != outline.statements.size()) return shape_without(Reason::Parse);
  auto shape = std::make_shared<Shape>();
  shape->statements = std::move(*parsed);
  return shape;
}

// I2, on the reduced text: the rows left out repeat the shape of those that stay.
bool is_proven(std::string_view sql, const parser::Outline& outline, const Plan& plan) {
  const std::string text = parser::reduced(sql, outline);
  parser::Outline of_text;
  parser::outline(text, of_text);
  if (of_text.statements.size() != outline.statements.size()) return false;
  const std::string edited =
      parser::apply(text, {edit_of(plan, text, of_text.statements[plan.index])});
  switch (plan.decision.remedy) {
    case Remedy::AddClause:
      return parser::proves(text, edited, plan.index, plan.clause);
    case Remedy::InsertForm:
      return parser::proves_insert_form(text, edited, plan.index, plan.decision.insert_form);
    case Remedy::StageRows:
      return parser::proves_staged_copy(
          text, edited, staged_copy_of(plan, text, of_text.statements[0]), plan.decision.staging);
    case Remedy::ReportNoRows:
      return false;
  }
  return false;
}

PlanRef make_plan(std::string_view sql, const parser::Outline& outline, std::size_t index,
                  const Situation& situation, const ShapeRef& shape) {
  auto plan = std::make_shared<Plan>();
  plan->shape = shape;
  plan->index = index;
  plan->decision.reason = shape->reason;
  if (index >= shape->statements.size()) return plan;
  plan->decision = std::visit([&](const auto& statement) { return decide(statement, situation); },
                              shape->statements[index]);
  const Decision& decision = plan->decision;
  if (!changes_text(*plan)) return plan;
  if (decision.remedy != Remedy::InsertForm) plan->clause = parser::render(decision.clause);
  if (!is_proven(sql, outline, *plan)) {
    plan->decision.reason = Reason::Proof;
    plan->clause.clear();
  }
  return plan;
}

// The same plan for a text whose values do not fit it.
PlanRef refused(const PlanRef& plan, Reason reason) {
  auto changed = std::make_shared<Plan>(*plan);
  changed->decision.reason = reason;
  return changed;
}

// The rows of this text, told apart.
PlanRef with_distinct_rows(const PlanRef& plan, std::string_view sql,
                           const parser::StatementSpan& statement) {
  const Decision& decision = plan->decision;
  RowsFound found = find_duplicates(*decision.row_keys, decision.policy->duplicates, sql, statement,
                                    plan->clause);
  switch (found.outcome) {
    case RowsOutcome::AllDistinct:
      return plan;
    case RowsOutcome::NotProven:
      return refused(plan, Reason::Proof);
    case RowsOutcome::SomeLeftOut:
      break;
  }
  const auto* insert = std::get_if<parser::Insert>(&plan->shape->statements[plan->index]);
  const bool may_omit = decision.policy->returning == Returning::Omit;
  if (insert->has_returning && !may_omit) return refused(plan, Reason::Returning);
  auto changed = std::make_shared<Plan>(*plan);
  changed->edit = std::move(found.edit);
  return changed;
}

// Values are no part of a template: what depends on them is looked at each time.
PlanRef for_text(const PlanRef& plan, std::string_view sql, const parser::Outline& outline) {
  const Decision& decision = plan->decision;
  if (!changes_text(*plan) || (decision.key_checks.empty() && !decision.row_keys)) return plan;
  const parser::StatementSpan& statement = outline.statements[plan->index];
  if (decision.row_keys) return with_distinct_rows(plan, sql, statement);
  const bool fits = std::all_of(
      decision.key_checks.begin(), decision.key_checks.end(), [&](const KeyCheck& check) {
        return check.key.kind != parser::KeyValue::Kind::Number ||
               literal_fits(check, parser::key_text(check.key, sql, statement));
      });
  return fits ? plan : refused(plan, Reason::UpdateType);
}

}  // namespace

struct PlanCache::Impl {
  explicit Impl(PlanLimits limits_given) : limits(limits_given) {}

  // The entry of the text's template, its shape filled in, moved to the front.
  Entry& entry(std::string_view sql, const parser::Outline& outline, bool& known) {
    const auto found = by_key.find(outline.key);
    known = found != by_key.end();
    if (known) {
      recent.splice(recent.begin(), recent, found->second);
      return recent.front();
    }
    Entry fresh{outline.key, parse_shape(sql, outline, limits), {}, 0};
    if (fresh.shape->reason == Reason::Parse) ++parse_failures;
    if (by_key.size() >= std::max<std::size_t>(limits.entries, 1)) {
      by_key.erase(recent.back().key);
      recent.pop_back();
    }
    recent.push_front(std::move(fresh));
    by_key.emplace(outline.key, recent.begin());
    return recent.front();
  }

  static void remember(Entry& entry, const SituationKey& key, PlanRef plan) {
    if (entry.plans.size() < kPlansPerTemplate) {
      entry.plans.emplace_back(key, std::move(plan));
      return;
    }
    entry.plans[entry.next_out] = {key, std::move(plan)};
    entry.next_out = (entry.next_out + 1) % kPlansPerTemplate;
  }

  void count(bool hit) { ++(hit ? hits : misses); }

  PlanLimits limits;
  std::list<Entry> recent;  // most recently used first
  std::unordered_map<parser::TemplateKey, std::list<Entry>::iterator, KeyHash> by_key;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t parse_failures = 0;
};

bool changes_text(const Plan& plan) {
  const Decision& decision = plan.decision;
  if (decision.policy == nullptr || decision.reason != Reason::None) return false;
  switch (decision.remedy) {
    case Remedy::AddClause:
      return true;
    case Remedy::InsertForm:
      return !decision.insert_form.columns.empty();
    case Remedy::StageRows:
      return !decision.staging.columns.empty();
    case Remedy::ReportNoRows:
      return false;
  }
  return false;
}

parser::TextEdit edit_of(const Plan& plan, std::string_view sql,
                         const parser::StatementSpan& statement) {
  if (plan.edit) return *plan.edit;
  if (plan.decision.remedy == Remedy::StageRows) {
    return parser::staged_copy_edit(staged_copy_of(plan, sql, statement), statement);
  }
  if (plan.decision.remedy != Remedy::InsertForm) return parser::splice(statement, plan.clause);
  const auto* update = std::get_if<parser::Update>(&plan.shape->statements[plan.index]);
  return parser::insert_form_edit(*update, plan.decision.insert_form, sql, statement);
}

parser::StagedCopy staged_copy_of(const Plan& plan, std::string_view sql,
                                  const parser::StatementSpan& statement) {
  const auto* copy = std::get_if<parser::Copy>(&plan.shape->statements[plan.index]);
  return parser::staged_copy(*copy, plan.decision.staging, plan.clause, sql, statement);
}

PlanCache::PlanCache(PlanLimits limits) : impl_(std::make_shared<Impl>(limits)) {}

ShapeRef PlanCache::shape(std::string_view sql, const parser::Outline& outline) {
  bool known = false;
  Entry& entry = impl_->entry(sql, outline, known);
  impl_->count(known);
  return entry.shape;
}

PlanRef PlanCache::plan(std::string_view sql, const parser::Outline& outline, std::size_t index,
                        const Situation& situation) {
  bool known = false;
  Entry& entry = impl_->entry(sql, outline, known);
  SituationKey key = key_of(index, situation);
  // Names of an error can be forged and long (protocol.md 8.4): those are not worth keeping.
  if (key.violated.size() > kViolatedNamesMax) {
    return for_text(make_plan(sql, outline, index, situation, entry.shape), sql, outline);
  }
  const auto found = std::find_if(entry.plans.begin(), entry.plans.end(),
                                  [&](const auto& made) { return made.first == key; });
  impl_->count(found != entry.plans.end());
  if (found != entry.plans.end()) return for_text(found->second, sql, outline);
  PlanRef plan = make_plan(sql, outline, index, situation, entry.shape);
  Impl::remember(entry, key, plan);
  return for_text(plan, sql, outline);
}

std::size_t PlanCache::entries() const { return impl_->by_key.size(); }
std::uint64_t PlanCache::hits() const { return impl_->hits; }
std::uint64_t PlanCache::misses() const { return impl_->misses; }
std::uint64_t PlanCache::parse_failures() const { return impl_->parse_failures; }

}  // namespace pgconcord::policies
