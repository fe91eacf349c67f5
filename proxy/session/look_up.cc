// Questions of our own to the server: the catalog, and what an unqualified table name means
// (protocol.md section 5). Always the extended protocol with reserved names, schema-qualified down
// to the operators, only where nothing of the client is under way, and never on a timer.
#include <charconv>
#include <utility>

#include "parser/on_conflict.h"
#include "proxy/session/conversation.h"
#include "proxy/wire/bytes.h"

namespace pgconcord::session {
namespace {

using parser::Command;

constexpr std::string_view kLookUpName = "__pgconcord_look_up";
constexpr std::uint32_t kTextOid = 25;
constexpr std::uint32_t kTextArrayOid = 1009;
constexpr std::string_view kNameQuery =
    "/* pgconcord */ SELECT pg_catalog.to_regclass($1)::pg_catalog.oid::pg_catalog.text";

// What a bypassed session may have changed unseen.
constexpr std::string_view kSettingsQuery =
    "/* pgconcord */ SELECT pg_catalog.current_setting($1) OPERATOR(pg_catalog.||) ' ' "
    "OPERATOR(pg_catalog.||) pg_catalog.current_setting('client_encoding')";

std::string make_parse_of_look_up(std::string_view sql, std::uint32_t parameter_type) {
  wire::ByteWriter types;
  types.u16(1);
  types.u32(parameter_type);
  return wire::make_parse(kLookUpName, sql, types.bytes());
}

std::string make_bind_of_look_up(std::string_view parameter) {
  wire::ByteWriter writer;
  writer.begin('B');
  writer.string(kLookUpName);
  writer.string(kLookUpName);
  writer.u16(0);
  writer.u16(1);
  writer.u32(static_cast<std::uint32_t>(parameter.size()));
  writer.raw(parameter);
  writer.u16(0);
  writer.end();
  return writer.take();
}

// to_regclass reads its argument as an identifier: quoted, it is the name and nothing else.
std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text.push_back('"');
    text.push_back(c);
  }
  return text + '"';
}

}  // namespace

// Nothing in flight, or nothing but the client's own open batch, and not inside a failed block (the
// table of section 5).
bool Conversation::may_look_up() const {
  const bool sound = status_ == 'I' || status_ == 'T';
  return sound && client_frame_whole_ && readies_due_ == 0 && !look_up_ && !queue_.skipping() &&
         (queue_.empty() || (batch_open_ && !queue_.end_of_look_up().ends_look_up));
}

// Inside the client's open batch a Sync of ours would end its transaction: there a Flush brings the
// answer (5.2).
void Conversation::ask(std::string_view sql, std::string_view parameter,
                       std::uint32_t parameter_type) {
  look_up_->in_batch = batch_open_;
  Outbox& out = actions->to_server;
  out.append(wire::make_close_statement(kLookUpName));
  out.append(make_parse_of_look_up(sql, parameter_type));
  out.append(make_bind_of_look_up(parameter));
  out.append(wire::make_execute(kLookUpName));
  out.append(wire::make_close_portal(kLookUpName));
  out.append(wire::make_close_statement(kLookUpName));
  for (const Reply reply :
       {Reply::Close, Reply::Parse, Reply::Bind, Reply::Execute, Reply::Close, Reply::Close}) {
    queue_.push({reply, Origin::LookUp, Command::Select, true});
  }
  if (!batch_open_) queue_.push({Reply::Sync, Origin::LookUp, Command::Select, true});
  queue_.back().ends_look_up = true;
  out.append(batch_open_ ? wire::make_flush() : wire::make_sync());
}

void Conversation::look_up_catalog(LookUp::Purpose purpose) {
  look_up_ = std::make_unique<LookUp>();
  look_up_->purpose = purpose;
  look_up_->started = env.now;
  ask(policies::kCatalogQuery, policies::catalog_query_names(settings_table_names()),
      kTextArrayOid);
}

void Conversation::look_up_name(const std::string& name) {
  look_up_ = std::make_unique<LookUp>();
  look_up_->purpose = LookUp::Purpose::Name;
  look_up_->started = env.now;
  look_up_->name = name;
  ask(kNameQuery, quoted(name), kTextOid);
  blocked = Blocked::LookUp;
}

void Conversation::look_up_settings() {
  look_up_ = std::make_unique<LookUp>();
  look_up_->purpose = LookUp::Purpose::Settings;
  look_up_->started = env.now;
  ask(kSettingsQuery, "standard_conforming_strings", kTextOid);
  blocked = Blocked::LookUp;
}

// Every policy's table, not only this session's: the answer is shared with the sessions of the same
// role.
std::vector<std::string> Conversation::settings_table_names() const {
  std::vector<std::string> names;
  for (const policies::Policy& policy : settings_->config.policies) names.push_back(policy.table);
  return names;
}

// True when the catalog is known well enough to decide; false = it was asked and the statement
// waits.
bool Conversation::catalog_ready() {
  const auto refresh = settings_->config.catalog.refresh;
  if (!scope_->catalog_due(env.now, refresh)) return true;
  if (scope_->role_known()) {
    if (auto catalog = env.catalogs.fresh(database, user, env.now, refresh)) {
      scope_->set_catalog(std::move(catalog),
                          env.catalogs.loaded_at(database, user).value_or(env.now));
      return true;
    }
  }
  if (!may_look_up() || look_up_failed_) return true;
  look_up_catalog(LookUp::Purpose::Statement);
  blocked = Blocked::LookUp;
  return false;
}

// A table or constraint that is not in the catalog may be new. To ask again is worth it, but not at
// every statement.
bool Conversation::may_ask_catalog_again() const {
  constexpr std::chrono::milliseconds kPause{1000};
  return scope_->catalog_due(env.now, kPause);
}

bool Conversation::catalog_lacks(const parser::RelationName& name, policies::Oid oid) const {
  const auto& catalog = scope_->catalog();
  if (!catalog) return false;
  return oid == 0 ? !name.schema.empty() : catalog->find(oid) == nullptr;
}

void Conversation::look_up_row(const wire::Frame& frame) {
  if (!look_up_ || !frame.complete()) return;
  const auto value = wire::first_column(frame.body);
  look_up_->has_answer = value.has_value();
  look_up_->answer = value.value_or("");
}

void Conversation::store_catalog() {
  auto catalog = look_up_->failed || !look_up_->has_answer
                     ? tl::expected<policies::Catalog, std::string>(tl::unexpect, "no answer")
                     : policies::catalog_from_json(look_up_->answer);
  accounts().catalog_refresh(*cells_, catalog ? "success" : "failure");
  look_up_failed_ = !catalog;
  if (!catalog) return;
  auto shared = std::make_shared<const policies::Catalog>(std::move(*catalog));
  env.catalogs.store(database, shared, env.now);
  if (scope_) scope_->set_catalog(std::move(shared), env.now);
}

// At our own ReadyForQuery.
void Conversation::look_up_done() {
  if (!look_up_) return;
  if (look_up_->purpose == LookUp::Purpose::Name) {
    policies::Oid oid = 0;
    const std::string& answer = look_up_->answer;
    std::from_chars(answer.data(), answer.data() + answer.size(), oid);
    look_up_failed_ = look_up_->failed;
    if (scope_ && !look_up_->failed) scope_->resolved(look_up_->name, oid, env.now);
  } else if (look_up_->purpose == LookUp::Purpose::Settings) {
    conforming_strings_ = look_up_->answer.starts_with("on ");
    utf8_ = look_up_->answer.ends_with(" UTF8");
  } else {
    store_catalog();
  }
  look_up_over();
}

// The answer is in, or took too long: whoever waited goes on.
void Conversation::look_up_over() {
  const std::unique_ptr<LookUp> finished = std::move(look_up_);
  // Too slow: its replies are swallowed when they come; until then nothing else is asked.
  const bool abandoned = !queue_.empty() && queue_.front().origin == Origin::LookUp;
  look_up_failed_ = look_up_failed_ || abandoned;
  switch (finished->purpose) {
    case LookUp::Purpose::SessionStart:
      actions->to_client.append(finished->ready);
      break;
    case LookUp::Purpose::Replay:
      if (replay_ && replay_->state == Replay::State::Asking) {
        if (abandoned) count_refusal(replay_->sql, policies::Reason::CatalogUnknown);
        abandoned ? release_violation() : replay_after_look_up();
      }
      break;
    case LookUp::Purpose::Statement:
    case LookUp::Purpose::Name:
      if (!finished->cancelled.empty()) answer_cancelled(finished->cancelled);
      break;
    case LookUp::Purpose::Settings:
      break;
  }
  if (blocked == Blocked::LookUp) blocked = Blocked::No;
  if (draining && idle()) idle_point();
}

// The client's cancel met our question instead of the statement that waited for it: the statement
// is cancelled all the same, without having reached the server (3.6).
void Conversation::answer_cancelled(const std::string& error) {
  accounts().error(*cells_, "57014");
  look_up_failed_ = false;
  actions->to_client.append(error);
  if (group_ || held_.empty() || held_[0] != 'Q') {
    group_.reset();
    skips_cancelled_ = true;
    return;
  }
  held_.erase(0, 1 + wire::load_u32(held_.data() + 1));
  actions->to_client.append(wire::make_ready('I'));
}

// As the server after an error: nothing answers what comes before the Sync (4.2).
void Conversation::skip_cancelled(const wire::Frame& frame) {
  drop_client_rest_ = true;
  if (frame.type != 'S') return;
  skips_cancelled_ = false;
  batch_open_ = batch_executed_ = false;
  actions->to_client.append(wire::make_ready('I'));
}

}  // namespace pgconcord::session
