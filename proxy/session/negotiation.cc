// Versions and extensions of the protocol (protocol.md 1.14 to 1.16): whatever client and server
// agree on, the messages of the session must be known here, or nobody looks at them.
#include <algorithm>

#include "proxy/session/conversation.h"
#include "proxy/wire/startup.h"

namespace pgconcord::session {

void Conversation::note_negotiation(const wire::StartupPacket& packet) {
  Negotiation asked;
  asked.version_lowered = packet.version > wire::kNewestVersion;
  for (const auto& [name, value] : packet.parameters) {
    if (name.starts_with(wire::kExtensionPrefix)) asked.extensions.push_back(name);
  }
  if (!asked.version_lowered && asked.extensions.empty()) return;
  negotiation_ = std::make_unique<Negotiation>(std::move(asked));
}

// With another server everything is asked anew.
void Conversation::send_start_up_packet(std::string_view packet) {
  wire::StartupPacket asked;
  std::size_t size = 0;
  negotiation_.reset();
  if (wire::read_startup_packet(packet, asked, size) == wire::StartupStatus::Complete)
    note_negotiation(asked);
  // It goes out as it came, whatever parameters it holds (1.13), but for a version nobody here
  // knows.
  if (negotiation_ && negotiation_->version_lowered) {
    actions->to_server.append(wire::with_version(packet, wire::kNewestVersion));
  } else {
    actions->to_server.append(packet);
  }
}

void Conversation::server_negotiates(const wire::Frame& frame) {
  auto answer = wire::negotiate_protocol_version(frame.body);
  if (!answer || !frame.complete()) {
    desynchronised("a damaged NegotiateProtocolVersion");
    return;
  }
  if (negotiation_) {
    negotiation_->version_lowered = false;
    std::erase_if(negotiation_->extensions, [&](const std::string& name) {
      return std::find(answer->extensions.begin(), answer->extensions.end(), name) !=
             answer->extensions.end();
    });
  }
  answer->version = std::min(answer->version, wire::kNewestVersion);
  login_to_client(wire::make_negotiate_protocol_version(*answer));
}

// The server goes on to the authentication: it has nothing more to say about the protocol.
void Conversation::negotiation_over() {
  if (negotiation_->version_lowered) {
    login_to_client(wire::make_negotiate_protocol_version({wire::kNewestVersion, {}}));
  }
  // An extension it did not refuse may change any message from here on.
  if (!negotiation_->extensions.empty()) opaque_ = true;
  negotiation_.reset();
}

// Kept while another server may still take this one's place.
void Conversation::login_to_client(std::string_view message) {
  if (choice_ && choice_->is_holding) {
    choice_->held.append(message);
  } else {
    actions->to_client.append(message);
  }
}

void Conversation::become_pipe() {
  if (blocked == Blocked::Login) blocked = Blocked::No;
  set_phase(Phase::Opaque);
}

}  // namespace pgconcord::session
