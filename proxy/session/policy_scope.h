// What a session with policies knows beyond the wire: which policies concern it, the catalog, and
// what unqualified names mean. Absent in sessions no policy concerns.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parser/statement.h"
#include "policies/catalog_cache.h"
#include "policies/decide.h"

namespace pgconcord::session {

class PolicyScope {
 public:
  explicit PolicyScope(policies::Selection selection);

  const policies::Selection& selection() const { return selection_; }
  // At least one policy is in `enforce`: only then does the proxy send anything of its own (I1).
  bool enforces() const { return enforces_; }
  bool has_up_front() const { return has_up_front_; }  // a policy cannot wait for a violation
  bool has_on_violation() const { return has_on_violation_; }  // one in `enforce` says that
  bool has_updates() const { return has_updates_; }            // a policy is about UPDATE
  bool answers_updates() const { return answers_updates_; }    // ... and about its violation
  bool has_copies() const { return has_copies_; }              // a policy is about COPY
  // A policy on any schema's table of that name is about COPY.
  bool copies_into(std::string_view table) const;
  // A policy on any schema's table of that name may rewrite before a statement is sent.
  bool plans_for_table(std::string_view table) const;
  // A policy on any schema's table of that name asks for savepoints in transaction blocks.
  bool guards_table(std::string_view table) const;
  bool mentions_table(std::string_view sql) const;  // its name occurs in the text, in any case

  const policies::CatalogRef& catalog() const { return catalog_; }
  void set_catalog(policies::CatalogRef catalog, std::chrono::milliseconds now);
  void forget_catalog() { catalog_.reset(); }
  // SET ROLE and the like were sent: the next catalog must come from the server, not from what
  // others asked.
  void forget_role() {
    catalog_.reset();
    role_known_ = false;
  }
  bool role_known() const { return role_known_; }
  bool catalog_due(std::chrono::milliseconds now, std::chrono::milliseconds refresh) const;

  // The table a name means in this session; 0 = no such table or not one we know; nothing = must be
  // asked.
  std::optional<policies::Oid> resolve(const parser::RelationName& name,
                                       std::chrono::milliseconds now,
                                       std::chrono::milliseconds refresh) const;
  void resolved(std::string name, policies::Oid oid, std::chrono::milliseconds now);
  // A statement that may change names was sent (protocol.md 6.6); `in_block`: what it did may end
  // with the block.
  void names_changed(bool in_block);
  void block_ended();
  // parser::may_change_name_resolution, with the last texts remembered: drivers prepare the same
  // ones again and again.
  bool may_change_names(std::string_view sql);
  // Is there anything a statement could make untrue? Outside a block nothing that was not asked
  // yet.
  bool tracks_names() const { return !resolutions_.empty(); }

 private:
  void note(const policies::Policy& policy);

  struct Resolution {
    std::string name;
    policies::Oid oid;
    std::chrono::milliseconds at;
  };

  struct Judged {
    std::string sql;
    bool changes = false;
  };

  policies::Selection selection_;
  std::array<Judged, 4> judged_;
  std::size_t next_judged_ = 0;
  policies::CatalogRef catalog_;
  std::chrono::milliseconds catalog_at_{0};
  std::vector<Resolution> resolutions_;
  bool enforces_ = false;
  bool has_up_front_ = false;
  bool has_on_violation_ = false;
  bool has_updates_ = false;
  bool answers_updates_ = false;
  bool has_copies_ = false;
  bool changed_in_block_ = false;
  bool role_known_ = true;
};

}  // namespace pgconcord::session
