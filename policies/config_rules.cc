#include "policies/config_rules.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "parser/expression.h"
#include "policies/suggestion.h"

namespace pgconcord::policies {
namespace {

// One mapping with what was made of it.
class Place {
 public:
  Place(const YamlNode& node, std::string path, Findings& findings)
      : node_(node), path_(std::move(path)), findings_(findings) {}

  bool given(std::string_view name) const {
    const YamlNode* value = node_.find(name);
    return value != nullptr && value->kind != YamlKind::Null &&
           (value->kind != YamlKind::Scalar || !value->text.empty());
  }

  // None of the keys was reported before.
  bool sound(std::initializer_list<std::string_view> names) const {
    return std::none_of(names.begin(), names.end(), [&](std::string_view name) {
      return findings_.has(path_ + std::string(name));
    });
  }

  // At the key, or at the mapping when the key is not there.
  void report(std::string_view name, Problem problem) {
    const YamlNode* value = node_.find(name);
    findings_.add(value == nullptr ? node_.at : value->key_at, path_ + std::string(name),
                  std::move(problem));
  }

  Place below(std::string_view name) const {
    const YamlNode* value = node_.find(name);
    static const YamlNode none;
    return {value == nullptr ? none : *value, path_ + std::string(name) + ".", findings_};
  }

 private:
  const YamlNode& node_;
  std::string path_;
  Findings& findings_;
};

// The table of actions of the public contract.
std::vector<Action> actions_for(StatementKind statement) {
  switch (statement) {
    case StatementKind::Insert:
      return {Action::DoNothing, Action::DoUpdate, Action::ReturnExisting};
    case StatementKind::Update:
      return {Action::InsertMissing, Action::DoNothing};
    case StatementKind::Copy:
      return {Action::DoNothing, Action::DoUpdate};
  }
  return {};
}

void check_target(const Policy& policy, Place& place) {
  if (!place.sound({"constraint", "columns"})) return;
  const bool constraint = place.given("constraint");
  const bool columns = !policy.columns.empty();
  if (constraint && columns) {
    place.report("columns", {"both `constraint` and `columns` are given", "keep one of them"});
  } else if (!constraint && !columns) {
    place.report("constraint", {"the policy names neither `constraint` nor `columns`",
                                "add `constraint:` with the name PostgreSQL reports in the error"});
  }
}

void check_columns(const Policy& policy, Place& place) {
  std::vector<std::string> sorted = policy.columns;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    place.report("columns", {"`columns` names a column twice", "remove one of them"});
  } else if (!sorted.empty() && sorted.front().empty()) {
    place.report("columns", {"`columns` holds an empty name", "remove it"});
  }
}

void check_any_constraint(const Policy& policy, Place& place) {
  if (policy.constraint != "*") return;
  if (policy.action == Action::InsertMissing) {
    place.report("constraint", {"`constraint: \"*\"` does not fit `action: insert_missing`",
                                "name the key that the UPDATE looks rows up by"});
    return;
  }
  if (policy.apply == Apply::OnViolation) return;
  if (!place.sound({"constraint", "apply"})) return;
  place.report(place.given("apply") ? "apply" : "constraint",
               {"`constraint: \"*\"` needs `apply: on_violation`",
                "only the server's error tells which constraint it was"});
}

// A missing row violates nothing, and a violation is nothing that can be told beforehand.
void check_apply_to_updates(const Policy& policy, Place& place) {
  if (policy.statement != StatementKind::Update || !place.sound({"statement", "action", "apply"})) {
    return;
  }
  if (policy.action == Action::InsertMissing && policy.apply == Apply::OnViolation) {
    place.report("apply",
                 {"`action: insert_missing` cannot wait for a violation: a missing row is none",
                  "use `apply: auto` or `up_front`"});
  }
  if (policy.action == Action::DoNothing && policy.apply == Apply::UpFront) {
    place.report("apply", {"`action: do_nothing` of an UPDATE answers its violation",
                           "use `apply: auto` or `on_violation`"});
  }
}

void check_action(const Policy& policy, Place& place) {
  if (!place.sound({"statement", "action"})) return;
  const auto fitting = actions_for(policy.statement);
  if (std::find(fitting.begin(), fitting.end(), policy.action) != fitting.end()) return;
  std::vector<std::string_view> names;
  for (const Action each : fitting) names.push_back(label(each));
  const std::string statement(label(policy.statement));
  place.report("action", {"`action: " + std::string(label(policy.action)) +
                              "` does not fit `statement: " + statement + "`",
                          "for " + statement + ": " + listed(names)});
}

void check_keys_of_do_update(const Policy& policy, Place& place) {
  if (policy.action == Action::DoUpdate || !place.sound({"action"})) return;
  const std::string help = "remove it, or use `action: do_update`";
  const auto refuse = [&](std::string_view name, bool used) {
    if (!used || !place.sound({name})) return;
    place.report(name, {"`" + std::string(name) + "` is only for `action: do_update`", help});
  };
  refuse("set", !policy.set.empty() && policy.action != Action::InsertMissing);
  refuse("where", !policy.where.empty());
  refuse("skip_unchanged", policy.skip_unchanged);
}

// The expressions go into statements as they are: one that is more or less than an expression would
// only ever be noticed as a proof that fails.
void check_expressions(const Policy& policy, Place& place) {
  const auto check = [&](std::string_view key, const std::string& sql) {
    if (sql.empty() || !place.sound({key}) || parser::is_expression(sql)) return;
    place.report(key, {"`" + std::string(key) + "` holds what is no SQL expression: " + sql,
                       "write one value or condition, without parameters and semicolons"});
  };
  check("where", policy.where);
  for (const auto& [column, sql] : policy.set) {
    if (sql != "DEFAULT" || policy.skip_unchanged) check("set", sql);
  }
}

void check_returning(const Policy& policy, Place& place) {
  if (policy.returning == Returning::LeaveAlone || policy.action == Action::DoNothing) return;
  if (!place.sound({"returning", "action"})) return;
  place.report("returning", {"`returning: omit` is only for `action: do_nothing`",
                             "remove it: other actions return every row"});
}

void check_certificate(const std::string& cert, const std::string& key, Place& place) {
  if (cert.empty() == key.empty() || !place.sound({"cert", "key"})) return;
  place.report(cert.empty() ? "key" : "cert",
               {"`cert` and `key` are needed together",
                cert.empty() ? "add `cert:` with the certificate" : "add `key:` with its key"});
}

void check_client_ca(const Listener& listener, Place& tls) {
  if (listener.tls.client_ca.empty() || listener.tls.mode == "require") return;
  if (!tls.sound({"mode", "client_ca"})) return;
  tls.report("client_ca", {"`client_ca` needs `mode: require`: a client without TLS shows no "
                           "certificate",
                           "use `mode: require`, or remove `client_ca`"});
}

void check_upstream_tls(const UpstreamTls& tls, Place place) {
  check_certificate(tls.cert, tls.key, place);
  if (tls.mode == "verify-ca" && (tls.ca.empty() || tls.ca == "system") &&
      place.sound({"mode", "ca"})) {
    place.report("mode", {"`mode: verify-ca` needs `ca`: without it every server with a public "
                          "certificate would do",
                          "add `ca:` with your own authority, or use `mode: verify-full`"});
  }
  const bool weak = tls.mode == "disable" || tls.mode == "prefer";
  if (tls.negotiation != "direct" || !weak || !place.sound({"mode", "negotiation"})) return;
  place.report("negotiation", {"`negotiation: direct` needs a `mode` that insists on TLS",
                               "use `mode: require`, `verify-ca` or `verify-full`"});
}

void check_auth(const Config& config, Place place) {
  if (!place.sound({"mode", "users_file"})) return;
  const bool scram = config.auth_mode == "scram";
  if (scram && config.users_file.empty()) {
    place.report("mode", {"`mode: scram` needs the users' verifiers",
                          "add `users_file:`, or use `mode: passthrough`"});
  } else if (!scram && !config.users_file.empty()) {
    place.report("users_file",
                 {"`users_file` is only for `mode: scram`", "remove it, or use `mode: scram`"});
  }
}

// Elsewhere in the file names of users may be patterns.
void check_console(const Console& console, Place place) {
  for (const std::string& user : console.users) {
    if (user.find_first_of("*?") == std::string::npos || !place.sound({"users"})) continue;
    place.report("users", {"`users` of the console takes no patterns", "name each user"});
  }
  if (!console.database.empty() || !place.sound({"database"})) return;
  place.report("database", {"the console needs a name", "write one, such as `pgconcord`"});
}

}  // namespace

void check_policy(const Policy& policy, const YamlNode& node, const std::string& path,
                  Findings& findings) {
  if (node.kind != YamlKind::Mapping) return;
  Place place(node, path, findings);
  check_target(policy, place);
  check_columns(policy, place);
  check_any_constraint(policy, place);
  check_action(policy, place);
  check_apply_to_updates(policy, place);
  check_keys_of_do_update(policy, place);
  check_expressions(policy, place);
  check_returning(policy, place);
}

void check_listener(const Listener& listener, const YamlNode& node, const std::string& path,
                    Findings& findings) {
  Place tls = Place(node, path, findings).below("tls");
  check_certificate(listener.tls.cert, listener.tls.key, tls);
  check_client_ca(listener, tls);
  if (listener.tls.mode != "disable" && !listener.address.unix_path.empty()) {
    if (tls.sound({"mode"})) {
      tls.report("mode", {"a unix socket has no TLS", "use `mode: disable`"});
    }
    return;
  }
  if (listener.tls.mode == "disable" || !listener.tls.cert.empty() || !listener.tls.key.empty()) {
    return;
  }
  if (!tls.sound({"mode", "cert", "key"})) return;
  tls.report("mode",
             {"`mode: " + listener.tls.mode + "` needs a certificate", "add `cert:` and `key:`"});
}

void check_settings(const Config& config, const YamlNode& root, Findings& findings) {
  Place place(root, "", findings);
  check_upstream_tls(config.upstream.tls, place.below("upstream").below("tls"));
  check_auth(config, place.below("auth"));
  Place catalog = place.below("catalog");
  if (config.catalog.source == CatalogSource::Url && config.catalog.url.empty() &&
      catalog.sound({"source", "url"})) {
    catalog.report("source", {"`source: url` needs `url`",
                              "add `url: postgres://user@host:5432` or use `source: session`"});
  }
  check_console(config.console, place.below("console"));
  Place admin = place.below("admin");
  if (!config.admin.address.unix_path.empty() && admin.sound({"address"})) {
    admin.report("address",
                 {"the admin address cannot be a unix socket", "write host:port or [ipv6]:port"});
  }
}

}  // namespace pgconcord::policies
