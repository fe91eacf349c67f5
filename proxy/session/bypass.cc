// The kill switch, `mode: off`: from its next idle point on a session is a byte pipe in which
// nothing is cut into messages, so that no fault of ours can reach it.
//
// The way back needs an idle point too, and nothing has followed the messages. It is taken only
// where both ends show one: the server's last bytes are a CommandComplete and a ReadyForQuery `I`,
// and what the client sends next is a chain of whole messages. Data made to look like that can at
// worst end their own session (I5).
#include <utility>

#include "proxy/session/conversation.h"
#include "proxy/wire/bytes.h"

namespace pgconcord::session {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kReadyIdle = "Z\0\0\0\5I"sv;
constexpr std::size_t kHeader = 5;
constexpr std::size_t kTagMax = 64;  // the longest is a command of PostgreSQL and two numbers
constexpr std::string_view kFirstMessages = "QPBCDEFHSX";

bool is_tag_text(std::string_view text) {
  return text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789") == std::string_view::npos;
}

// `... C length tag \0 Z 5 I`
bool ends_idle(std::string_view bytes) {
  if (!bytes.ends_with(kReadyIdle)) return false;
  bytes.remove_suffix(kReadyIdle.size());
  if (bytes.empty() || bytes.back() != '\0') return false;
  for (std::size_t tag = 1; tag <= kTagMax && kHeader + tag + 1 <= bytes.size(); ++tag) {
    const std::string_view message = bytes.substr(bytes.size() - kHeader - tag - 1);
    if (message[0] != 'C' || wire::load_u32(message.data() + 1) != message.size() - 1) continue;
    return is_tag_text(message.substr(kHeader, tag));
  }
  return false;
}

bool are_whole_messages(std::string_view bytes) {
  bool is_first = true;
  while (!bytes.empty()) {
    if (bytes.size() < kHeader) return false;
    if (is_first && kFirstMessages.find(bytes[0]) == std::string_view::npos) return false;
    is_first = false;
    const std::uint64_t size = 1 + std::uint64_t{wire::load_u32(bytes.data() + 1)};
    if (size < kHeader || size > bytes.size()) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

}  // namespace

void Conversation::enter_bypass() {
  seems_idle_ = false;
  scope_.reset();
  replay_.reset();
  statements_.clear();
  portals_.clear();
  rewritten_.clear();
  set_phase(Phase::Bypassed);
}

void Conversation::bypassed_client_bytes(std::string_view bytes) {
  if (settings_ != env.settings) {
    if (may_leave_bypass(bytes)) return leave_bypass(bytes);
    if (env.settings->config.mode == policies::Mode::Off) settings_ = env.settings;
  }
  seems_idle_ = false;
  actions->to_server.forward(bytes);
}

void Conversation::piped_server_bytes(std::string_view bytes) {
  actions->to_client.forward(bytes);
  if (phase == Phase::Bypassed && settings_ != env.settings) seems_idle_ = ends_idle(bytes);
}

bool Conversation::may_leave_bypass(std::string_view bytes) const {
  return env.settings->config.mode != policies::Mode::Off && seems_idle_ &&
         are_whole_messages(bytes);
}

void Conversation::leave_bypass(std::string_view bytes) {
  settings_ = env.settings;
  client_framer_ = wire::Framer(wire::Peer::Client);
  server_framer_ = wire::Framer(wire::Peer::Server);
  queue_.clear();
  status_ = 'I';
  readies_due_ = 0;
  batch_open_ = batch_executed_ = ddl_seen_ = false;
  guard_ = {};
  savepoints_ = 0;
  copy_in_ = CopyIn::No;
  // Unknown until asked: SQL is not read by rules that may not be the session's (6.8).
  conforming_strings_ = utf8_ = false;
  set_phase(Phase::Ready);
  select_policies();
  if (draining) return idle_point();
  if (scope_ && scope_->enforces()) {
    look_up_settings();
    held_.assign(bytes);
    return;
  }
  feed_client(bytes);
}

}  // namespace pgconcord::session
