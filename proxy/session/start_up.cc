// From accept to the first ReadyForQuery: protocol.md sections 1 to 3. Authentication passes
// through unread.
#include <string>

#include "proxy/limits.h"
#include "proxy/session/conversation.h"
#include "proxy/wire/bytes.h"
#include "proxy/wire/startup.h"

namespace pgconcord::session {

namespace {

// AuthenticationOk and AuthenticationSASLFinal tell; every other request asks.
bool wants_answer(std::string_view authentication) {
  const std::uint32_t kind = authentication.size() < 4 ? 0 : wire::load_u32(authentication.data());
  return kind != 0 && kind != 12;
}

}  // namespace

void Conversation::start_up(std::string_view bytes) {
  held_.append(bytes);
  while (phase == Phase::Startup) {
    wire::StartupPacket packet;
    std::size_t size = 0;
    switch (wire::read_startup_packet(held_, packet, size)) {
      case wire::StartupStatus::NeedMore:
        return;
      case wire::StartupStatus::Invalid:
        // As the server: no message, since the peer may not speak the protocol at all (1.9).
        accounts().connection_failed("protocol");
        actions->close_client = true;
        set_phase(Phase::Closing);
        return;
      case wire::StartupStatus::Complete:
        start_up_packet(packet, size);
    }
  }
}

void Conversation::start_up_packet(const wire::StartupPacket& packet, std::size_t size) {
  switch (packet.kind) {
    case wire::StartupKind::SslRequest:
    case wire::StartupKind::GssEncRequest:
      decline_encryption(packet, size);
      return;
    case wire::StartupKind::CancelRequest:
      cancels = true;
      actions->relay_cancel = true;
      actions->to_server.append(std::string_view(held_).substr(0, size));
      held_.clear();
      set_phase(Phase::Opaque);
      return;
    case wire::StartupKind::Startup:
      accept_start_up(packet);
      return;
  }
}

void Conversation::decline_encryption(const wire::StartupPacket& packet, std::size_t size) {
  bool& asked = packet.kind == wire::StartupKind::SslRequest ? ssl_asked_ : gss_asked_;
  if (asked) {
    // A second request is to the server just a protocol number it does not know (1.7).
    const std::string minor = std::to_string(packet.version & 0xFFFF);
    const std::string text =
        "unsupported frontend protocol 1234." + minor + ": server supports 3.0 to 3.2";
    fail({"0A000", text, "", ""}, "protocol");
    return;
  }
  asked = true;
  actions->to_client.append("N");
  if (held_.size() > size) {
    // What was sent before the answer could have been put there by anybody (1.5).
    const std::string_view what =
        packet.kind == wire::StartupKind::SslRequest ? "SSL request" : "GSSAPI encryption request";
    fail({"08P01", "received unencrypted data after " + std::string(what),
          "This could be either a client-software bug or evidence of an attempted "
          "man-in-the-middle attack.",
          ""},
         "protocol");
    return;
  }
  held_.clear();
}

void Conversation::accept_start_up(const wire::StartupPacket& packet) {
  if (packet.version >> 16 != 3) {
    const std::string text =
        "unsupported frontend protocol " + std::to_string(packet.version >> 16) + "." +
        std::to_string(packet.version & 0xFFFF) + ": server supports 3.0 to 3.2";
    fail({"0A000", text, "", ""}, "protocol");
    return;
  }
  if (refused) {
    fail({"53300", "sorry, too many clients already", "",
          "Raise limits.max_clients or close connections."},
         "limit");
    return;
  }
  if (draining) {
    fail({"57P03", "the proxy is shutting down", "", "Connect again."}, "draining");
    return;
  }
  user = wire::significant(packet.parameter("user"));
  database = wire::significant(packet.parameter("database"));
  if (database.empty()) database = user;
  application = wire::significant(packet.parameter("application_name"));
  opaque_ = wire::asks_for_replication(packet.parameter("replication"));
  actions->connect_server = true;
  set_phase(Phase::Connecting);
}

void Conversation::server_connected() {
  if (phase == Phase::Opaque) return;
  // The packet goes out as it came, whatever parameters it holds (1.13); what follows it waits its
  // turn.
  const std::size_t size = wire::load_u32(held_.data());
  actions->to_server.append(std::string_view(held_).substr(0, size));
  held_.erase(0, size);
  set_phase(opaque_ ? Phase::Opaque : Phase::Authenticating);
  resume_client();
}

// True when the message was dealt with here.
bool Conversation::server_login_frame(const wire::Frame& frame) {
  switch (frame.type) {
    case 'R':
      if (wants_answer(frame.body)) ++auth_due_;
      if (auth_due_ > 0 && blocked == Blocked::Login) blocked = Blocked::No;
      to_client(frame);
      return true;
    case 'K':
      if (frame.body.size() >= 4)
        backend_pid = static_cast<std::int32_t>(wire::load_u32(frame.body.data()));
      to_client(frame);
      return true;
    case 'Z':
      first_ready(frame);
      return true;
    case 'S':
      server_parameter(frame);
      to_client(frame);
      return true;
    case 'E':
      if (wire::error_response(frame.body).fatal()) {
        accounts().connection_failed("rejected");
        actions->close_client = true;
      }
      to_client(frame);
      return true;
    case 'N':
    case 'v':
      to_client(frame);
      return true;
    default:
      desynchronised("an unexpected message during the login");
      return true;
  }
}

// The one moment at which a question of our own is always safe (1.24): nothing is in flight, the
// client waits.
void Conversation::first_ready(const wire::Frame& frame) {
  set_phase(Phase::Ready);
  cells_ = &accounts().database(database);
  accounts().connected(database, client_tls ? "yes" : "no");
  accounts().sessions_starting.add(-1);
  accounts().sessions_open.add();
  if (!frame.body.empty()) status_ = frame.body[0];
  settings_ = env.settings;
  select_policies();
  if (scope_ && scope_->enforces() && !scope_->catalog()) {
    look_up_catalog(LookUp::Purpose::SessionStart);
    look_up_->ready = frame.raw;
    blocked = Blocked::LookUp;
    return;
  }
  if (blocked == Blocked::Login) blocked = Blocked::No;
  to_client(frame);
  if (draining) idle_point();
}

}  // namespace pgconcord::session
