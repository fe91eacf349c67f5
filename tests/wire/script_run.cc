#include "tests/wire/script_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <sstream>

#include "policies/catalog.h"
#include "policies/load.h"
#include "policies/users.h"
#include "tests/support/message_text.h"

namespace pgconcord::wire_test {
namespace {

using test_support::message_lines;
using test_support::Side;
using test_support::Start;

std::shared_ptr<const policies::Users> known_users() {
  auto users = policies::parse_users(known_users_text(), "users.txt");
  EXPECT_TRUE(users.has_value()) << policies::render(users.error());
  return std::make_shared<const policies::Users>(users.value_or(policies::Users{}));
}

session::SettingsRef settings_of(const std::string& yaml, std::uint64_t generation) {
  auto settings = std::make_shared<session::Settings>();
  settings->generation = generation;
  settings->version = "0.1.0";
  settings->config = policies::default_config();
  if (yaml.empty()) return settings;
  auto config = policies::load_text("version: 1\n" + yaml, "script");
  EXPECT_TRUE(config.has_value()) << policies::render(config.error());
  if (config) settings->config = std::move(*config);
  if (!settings->config.users_file.empty()) settings->config.users = known_users();
  return settings;
}

// As net/ reads it.
session::ClientAccess access_of(const policies::Config& config) {
  const policies::ListenTls& tls = config.listeners.front().tls;
  session::ClientAccess access;
  if (tls.mode == "allow") access.tls = session::TlsOffer::Optional;
  if (tls.mode == "require") access.tls = session::TlsOffer::Required;
  if (!tls.client_ca.empty()) access.certificate = session::ClientCertificate::Required;
  return access;
}

policies::CatalogRef known_catalog() {
  auto catalog = policies::catalog_from_json(known_catalog_json());
  EXPECT_TRUE(catalog.has_value()) << catalog.error();
  return std::make_shared<const policies::Catalog>(std::move(*catalog));
}

// KEY=VALUE words as rows, or `refused`.
console::Answer answer_of(const std::string& text) {
  if (text == "refused") {
    return tl::unexpected(console::Refusal{"57P03", "the proxy is draining", "", ""});
  }
  console::Rows rows;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    rows.push_back({word.substr(0, equals), word.substr(equals + 1)});
  }
  return rows;
}

constexpr std::size_t kShown = 400;

// For the eye; the bytes are compared as well.
std::string lines_of(Side from, const std::string& bytes) {
  const bool untyped = from == Side::Client && !bytes.empty() && bytes[0] == '\0';
  std::istringstream lines(message_lines(from, bytes, untyped ? Start::Untyped : Start::Typed));
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    text += (line.size() > kShown ? line.substr(0, kShown) + "..." : line) + '\n';
  }
  return text;
}

std::string text_of(const std::set<std::string>& flags) {
  std::string text;
  for (const std::string& flag : flags) text += '>' + flag + '\n';
  return text;
}

}  // namespace

std::string Cut::name() const {
  switch (kind) {
    case Kind::Whole:
      return "whole";
    case Kind::Bytes:
      return "byte by byte";
    case Kind::Messages:
      return "message by message";
    case Kind::Inside:
      return "cut at " + std::to_string(offset);
  }
  return {};
}

std::vector<std::string> pieces(const Step& step, const Cut& cut) {
  std::string all;
  std::vector<std::string> result;
  for (const std::string& message : step.messages) {
    all += message;
    const auto size = static_cast<std::ptrdiff_t>(message.size());
    const auto at =
        std::clamp<std::ptrdiff_t>(cut.offset < 0 ? size + cut.offset : cut.offset, 0, size);
    switch (cut.kind) {
      case Cut::Kind::Whole:
        break;
      case Cut::Kind::Bytes:
        for (const char c : message) result.emplace_back(1, c);
        break;
      case Cut::Kind::Messages:
        result.push_back(message);
        break;
      case Cut::Kind::Inside:
        // The rest of one message comes together with the start of the next.
        if (result.empty()) result.emplace_back();
        result.back() += message.substr(0, static_cast<std::size_t>(at));
        result.push_back(message.substr(static_cast<std::size_t>(at)));
        break;
    }
  }
  if (cut.kind == Cut::Kind::Whole) result.push_back(all);
  std::erase(result, std::string());
  return result;
}

ScriptRun::ScriptRun(const Script& script)
    : script_(script),
      registry_(metrics::Caps{}),
      plans_(policies::PlanLimits{}),
      environment_{settings_of(script.configuration, 1),
                   plans_,
                   catalogs_,
                   suspensions_,
                   registry_.make_shard(),
                   incidents_} {
  environment_.now = std::chrono::milliseconds(1'000'000);
  environment_.random_bytes = [](std::size_t count) { return std::string(count, 'A'); };
  if (script.known_catalog) catalogs_.store("shop", known_catalog(), environment_.now);
  session_ =
      std::make_unique<session::Session>(environment_, 1, access_of(environment_.settings->config));
}

void ScriptRun::call(std::string_view bytes,
                     void (session::Session::*method)(std::string_view, session::Actions&)) {
  auto copy = std::make_unique<char[]>(bytes.size());  // NOLINT(modernize-avoid-c-arrays)
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  (session_.get()->*method)({copy.get(), bytes.size()}, actions_);
  absorb();
  std::memset(copy.get(), 0xDD, bytes.size());
}

void ScriptRun::call(void (session::Session::*method)(session::Actions&)) {
  (session_.get()->*method)(actions_);
  absorb();
}

void ScriptRun::absorb() {
  const auto take = [&](const session::Outbox& from, std::string& to) {
    for (std::size_t i = 0; i < from.piece_count(); ++i) to += from.piece(i);
    bytes_out_ += from.size();
  };
  take(actions_.to_client, to_client_);
  take(actions_.to_server, to_server_);
  const auto flag = [&](bool set, const char* name) {
    if (set) flags_.insert(name);
  };
  flag(actions_.opening == session::Opening::Server, "connect");
  flag(actions_.opening == session::Opening::Cancel, "relay cancel");
  flag(actions_.opening == session::Opening::ClientTls, "start tls");
  flag(actions_.opening == session::Opening::NextServer, "next server");
  flag(actions_.opening == session::Opening::FirstServer, "first server");
  flag(actions_.opening == session::Opening::Console, "ask");
  if (actions_.opening == session::Opening::Console) {
    session_->take_question();
    is_asked_ = true;
  }
  flag(actions_.shutdown_server, "shutdown server");
  flag(actions_.close_client, "close client");
  flag(actions_.close_server, "close server");
  actions_.clear();
}

void ScriptRun::client_bytes(std::string_view bytes) {
  waiting_.emplace_back(bytes);
  deliver_waiting();
}

void ScriptRun::deliver_waiting() {
  while (!waiting_.empty() && session_->wants_client_input()) {
    const std::string bytes = std::move(waiting_.front());
    waiting_.pop_front();
    call(bytes, &session::Session::on_client_bytes);
  }
  if (client_ended_ && waiting_.empty() && session_->wants_client_input()) {
    client_ended_ = false;
    call(&session::Session::on_client_eof);
  }
}

void ScriptRun::server_bytes(std::string_view bytes) {
  call(bytes, &session::Session::on_server_bytes);
  deliver_waiting();
}

void ScriptRun::client_eof() {
  client_ended_ = true;
  deliver_waiting();
}

void ScriptRun::server_eof() {
  call(&session::Session::on_server_eof);
  deliver_waiting();
}

void ScriptRun::perform(const Step& step, const Cut& cut) {
  switch (step.kind) {
    case StepKind::ClientBytes:
      for (const std::string& piece : pieces(step, cut)) client_bytes(piece);
      return;
    case StepKind::ServerBytes:
      for (const std::string& piece : pieces(step, cut)) server_bytes(piece);
      return;
    case StepKind::ClientEof:
      return client_eof();
    case StepKind::ServerEof:
      return server_eof();
    case StepKind::Connected:
      call(&session::Session::on_server_connected);
      break;
    case StepKind::ConnectedWithTls:
      session_->on_server_tls({});
      call(&session::Session::on_server_connected);
      break;
    case StepKind::ClientSecured:
      session_->on_client_tls({});
      break;
    case StepKind::ClientSecuredWithCertificate:
      session_->on_client_tls({"", true});
      break;
    case StepKind::Unavailable:
      call(&session::Session::on_server_unavailable);
      break;
    case StepKind::Tick:
      environment_.now += step.elapsed;
      call(&session::Session::on_tick);
      break;
    case StepKind::Drain:
      call(&session::Session::drain);
      break;
    case StepKind::Refuse:
      call(&session::Session::refuse);
      break;
    case StepKind::Answer:
      answer(step.answer);
      break;
    case StepKind::Reload:
      environment_.settings = settings_of(script_.reloaded, 2);
      break;
  }
  deliver_waiting();
}

void ScriptRun::answer(const std::string& text) {
  is_asked_ = false;
  session_->on_console_answer(answer_of(text), actions_);
  absorb();
  deliver_waiting();
}

void ScriptRun::answer_what_is_open() {
  while (is_asked_) answer("refused");
}

void ScriptRun::check(const Cut& cut) {
  for (const Step& step : script_.steps) {
    to_client_.clear();
    to_server_.clear();
    flags_.clear();
    perform(step, cut);
    const bool connecting = session_->phase() == session::Phase::Connecting;
    if (!session_->wants_client_input() && !connecting) flags_.insert("waiting");
    const std::string where = script_.file + ':' + std::to_string(step.line) + ", " + cut.name();
    EXPECT_EQ(lines_of(Side::Client, step.to_server), lines_of(Side::Client, to_server_))
        << "to the server: " << where;
    EXPECT_EQ(lines_of(Side::Server, step.to_client), lines_of(Side::Server, to_client_))
        << "to the client: " << where;
    EXPECT_EQ(text_of(step.flags), text_of(flags_)) << where;
    if (step.to_server != to_server_ || step.to_client != to_client_ || step.flags != flags_) {
      ADD_FAILURE() << "the run stops here: " << where;
      return;
    }
  }
}

void ScriptRun::play(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) perform(script_.steps[i], Cut{});
}

std::string ScriptRun::metrics() const {
  std::istringstream lines(registry_.render());
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const bool is_clock = line.find("_timestamp_seconds{") != std::string::npos;
    if (!line.starts_with("#") && !line.starts_with("process_") && !is_clock) text += line + '\n';
  }
  return text;
}

}  // namespace pgconcord::wire_test
