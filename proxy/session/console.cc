// Sessions with the console: the log-in is the client's own at the server, in another database,
// whatever the method; the server that let it in is then left, and the console answers.
//
//   client              proxy                server
//      |  user, console  |  user, postgres -->  |
//      |  <----- authentication passes, or ScramLogin ends it ----->
//      |                 |  <-- Ok, parameters, key, ReadyForQuery
//      |  <-- Ok, ours, key, ReadyForQuery      |
//      |                 |  Terminate -->       x
#include <algorithm>
#include <utility>

#include "proxy/limits.h"
#include "proxy/session/conversation.h"
#include "proxy/wire/bytes.h"

namespace pgconcord::session {
namespace {

// Every server has it, and everybody may connect to it unless somebody forbade that.
constexpr std::string_view kLoginDatabase = "postgres";
constexpr std::string_view kLoginApplication = "pgconcord console";
constexpr std::string_view kTerminate{"X\0\0\0\4", 5};

bool may_use(const policies::Console& console, const std::string& user) {
  return std::find(console.users.begin(), console.users.end(), user) != console.users.end();
}

// The client's own packet could set what its server's `postgres` database does not know.
std::string login_packet(const wire::StartupPacket& packet, std::string_view user) {
  wire::ByteWriter writer;
  writer.u32(packet.version);
  const auto put = [&](std::string_view name, std::string_view value) {
    writer.string(name);
    writer.string(value);
  };
  put("user", user);
  put("database", kLoginDatabase);
  put("application_name", kLoginApplication);
  for (const auto& [name, value] : packet.parameters) {
    if (name.starts_with(wire::kExtensionPrefix)) put(name, value);
  }
  writer.string("");
  wire::ByteWriter length;
  length.u32(static_cast<std::uint32_t>(writer.bytes().size() + 4));
  return length.take() + writer.bytes();
}

}  // namespace

// True when the start-up packet asks for the console, and was dealt with.
bool Conversation::opens_console(const wire::StartupPacket& packet) {
  const policies::Console& console = settings_->config.console;
  if (console.users.empty() || database != console.database || opaque_) return false;
  if (!may_use(console, user)) {
    fail({"28000", "this user may not use the console", "",
          "The setting console.users lists who may."},
         "rejected");
    return true;
  }
  console_key_ = std::make_unique<std::string>();
  const std::string rest = held_.substr(wire::load_u32(held_.data()));
  held_ = login_packet(packet, user) + rest;
  actions->opening = Opening::Server;
  set_phase(Phase::Connecting);
  return true;
}

// The rest of its log-in; what the server says of itself is not for the client.
void Conversation::console_login_frame(const wire::Frame& frame) {
  switch (frame.type) {
    case 'K':
      if (frame.body.size() >= 4)
        backend_pid = static_cast<std::int32_t>(wire::load_u32(frame.body.data()));
      if (!frame.whole) return desynchronised("a damaged BackendKeyData");
      *console_key_ = frame.raw;
      return;
    case 'Z':
      return enter_console();
    default:
      return;
  }
}

void Conversation::enter_console() {
  if (opaque_) {  // by an extension of the protocol that the server accepted
    return fail({"0A000", "the console does not know the protocol extensions asked for", "",
                 "Connect without them."},
                "protocol");
  }
  actions->to_server.append(kTerminate);
  actions->close_server = true;
  console::Identity who{database, user, application, settings_->version, backend_pid};
  console_ = std::make_unique<console::Dialogue>(std::move(who));
  actions->to_client.append(console_->greeting());
  actions->to_client.append(*console_key_);
  actions->to_client.append(wire::make_ready('I'));
  cells_ = &accounts().database(database);
  accounts().connected(database, client_tls ? "yes" : "no");
  accounts().sessions_starting.add(-1);
  accounts().sessions_open.add();
  if (blocked == Blocked::Login) blocked = Blocked::No;
  set_phase(Phase::Console);
  if (draining) end_console();
}

void Conversation::feed_console(std::string_view input) {
  if (!console_is_allowed()) return;
  wire::Wanted wanted;
  wanted.query_max = wanted.bind_max = kConsoleTextMax;
  while (phase == Phase::Console) {
    if (blocked != Blocked::No) {
      held_.append(input);
      return;
    }
    const wire::Step step = client_framer_.next(input, wanted);
    if (std::holds_alternative<wire::NeedMore>(step)) return;
    if (const auto* error = std::get_if<wire::WireError>(&step)) {
      return fail({"08P01", error->message, "", "The connection was closed to keep it in step."},
                  "protocol");
    }
    // Rest: of data for a COPY that there never was.
    if (const auto* frame = std::get_if<wire::Frame>(&step)) console_frame(*frame);
  }
}

void Conversation::console_frame(const wire::Frame& frame) {
  const bool is_data = frame.type == 'd' || frame.type == 'c' || frame.type == 'f';
  if (!frame.complete() && !is_data) {
    return fail({"54000", "the statement is too long for the console", "", "Send a shorter one."},
                "protocol");
  }
  console_->client_message(frame.type, frame.body);
  after_console();
}

void Conversation::console_answered(const console::Answer& answer) {
  if (phase != Phase::Console || !console_->waits()) return;
  blocked = Blocked::No;
  console_->answered(answer);
  after_console();
  resume_client();
}

// What its last step made, and what it wants.
void Conversation::after_console() {
  actions->to_client.append(console_->take_output());
  if (console_->ended()) {
    actions->close_client = true;
    return set_phase(Phase::Closing);
  }
  if (console_->waits()) {
    blocked = Blocked::Console;
    actions->opening = Opening::Console;
    return;
  }
  if (draining) end_console();
}

void Conversation::end_console() {
  if (console_->idle() && client_framer_.at_boundary()) shut_down();
}

// A reload may have taken the right away.
bool Conversation::console_is_allowed() {
  if (settings_ == env.settings) return true;
  settings_ = env.settings;
  const policies::Console& console = settings_->config.console;
  if (database == console.database && may_use(console, user)) return true;
  fail({"57P01", "this user may no longer use the console", "",
        "The setting console.users lists who may."},
       "rejected");
  return false;
}

}  // namespace pgconcord::session
