#include "proxy/session/policy_scope.h"

#include <algorithm>

#include "parser/session_effects.h"
#include "proxy/session/text_search.h"

namespace pgconcord::session {

using policies::Oid;

namespace {

bool is_about_copies(const policies::Policy& policy) {
  return policy.statement == policies::StatementKind::Copy;
}

bool asks_for_savepoints(const policies::Policy& policy) {
  return !is_about_copies(policy) && policy.mode == policies::Mode::Enforce &&
         policy.apply == policies::Apply::OnViolation;
}

}  // namespace

PolicyScope::PolicyScope(policies::Selection selection) : selection_(std::move(selection)) {
  for (const policies::Policy* policy : selection_.policies) {
    enforces_ = enforces_ || policy->mode == policies::Mode::Enforce;
    has_on_violation_ = has_on_violation_ || asks_for_savepoints(*policy);
    note(*policy);
  }
  // Only counted, but at the same place.
  for (const policies::Policy* policy : selection_.rolled_out_of) {
    note(*policy);
  }
}

void PolicyScope::note(const policies::Policy& policy) {
  const bool is_copy = is_about_copies(policy);
  has_copies_ = has_copies_ || is_copy;
  has_up_front_ = has_up_front_ || (policies::is_up_front(policy) && !is_copy);
  const bool is_update = policy.statement == policies::StatementKind::Update;
  has_updates_ = has_updates_ || is_update;
  answers_updates_ = answers_updates_ || (is_update && policies::waits_for_violation(policy));
}

bool PolicyScope::plans_for_table(std::string_view table) const {
  const auto names = [table](const policies::Policy* policy) {
    return policy->table == table && !policies::waits_for_violation(*policy);
  };
  return std::any_of(selection_.policies.begin(), selection_.policies.end(), names) ||
         std::any_of(selection_.rolled_out_of.begin(), selection_.rolled_out_of.end(), names);
}

bool PolicyScope::copies_into(std::string_view table) const {
  const auto names = [table](const policies::Policy* policy) {
    return is_about_copies(*policy) && policy->table == table;
  };
  return std::any_of(selection_.policies.begin(), selection_.policies.end(), names) ||
         std::any_of(selection_.rolled_out_of.begin(), selection_.rolled_out_of.end(), names);
}

bool PolicyScope::guards_table(std::string_view table) const {
  return std::any_of(selection_.policies.begin(), selection_.policies.end(),
                     [table](const policies::Policy* policy) {
                       return policy->table == table && asks_for_savepoints(*policy);
                     });
}

bool PolicyScope::mentions_table(std::string_view sql) const {
  const auto mentions = [sql](const policies::Policy* policy) {
    return contains_ignoring_case(sql, policy->table);
  };
  return std::any_of(selection_.policies.begin(), selection_.policies.end(), mentions) ||
         std::any_of(selection_.rolled_out_of.begin(), selection_.rolled_out_of.end(), mentions);
}

void PolicyScope::set_catalog(policies::CatalogRef catalog, std::chrono::milliseconds now) {
  catalog_ = std::move(catalog);
  catalog_at_ = now;
  role_known_ = true;
}

bool PolicyScope::catalog_due(std::chrono::milliseconds now,
                              std::chrono::milliseconds refresh) const {
  return !catalog_ || now - catalog_at_ >= refresh;
}

std::optional<Oid> PolicyScope::resolve(const parser::RelationName& name,
                                        std::chrono::milliseconds now,
                                        std::chrono::milliseconds refresh) const {
  if (!name.schema.empty()) {
    const policies::Table* table = catalog_ ? catalog_->find(name.schema, name.name) : nullptr;
    return table != nullptr ? table->oid : Oid{0};
  }
  for (const Resolution& known : resolutions_) {
    if (known.name == name.name && now - known.at < refresh) return known.oid;
  }
  return std::nullopt;
}

void PolicyScope::resolved(std::string name, Oid oid, std::chrono::milliseconds now) {
  std::erase_if(resolutions_, [&](const Resolution& known) { return known.name == name; });
  resolutions_.push_back({std::move(name), oid, now});
}

void PolicyScope::names_changed(bool in_block) {
  resolutions_.clear();
  changed_in_block_ = changed_in_block_ || in_block;
}

void PolicyScope::block_ended() {
  if (!changed_in_block_) return;
  // SET LOCAL and temporary tables end with the block, by COMMIT as well.
  resolutions_.clear();
  changed_in_block_ = false;
}

bool PolicyScope::may_change_names(std::string_view sql) {
  constexpr std::size_t kRememberedMax = 1024;
  if (sql.empty() || sql.size() > kRememberedMax) return parser::may_change_name_resolution(sql);
  for (const Judged& judged : judged_) {
    if (judged.sql == sql) return judged.changes;
  }
  Judged& oldest = judged_[next_judged_];
  next_judged_ = (next_judged_ + 1) % judged_.size();
  oldest = {std::string(sql), parser::may_change_name_resolution(sql)};
  return oldest.changes;
}

}  // namespace pgconcord::session
