// From accept to the first ReadyForQuery: protocol.md sections 1 to 3. Authentication passes
// through unread.
#include <string>
#include <utility>

#include "proxy/limits.h"
#include "proxy/session/conversation.h"
#include "proxy/wire/bytes.h"
#include "proxy/wire/sasl_messages.h"
#include "proxy/wire/startup.h"

namespace pgconcord::session {

namespace {

// The first byte of a TLS handshake record, and of nothing else (1.1).
constexpr char kTlsRecord = 0x16;
constexpr std::string_view kChannelBinding = "SCRAM-SHA-256-PLUS";

// AuthenticationOk and AuthenticationSASLFinal tell; every other request asks.
bool wants_answer(std::string_view authentication) {
  const auto request = wire::authentication_request(authentication);
  return request && wire::wants_answer(request->kind);
}

}  // namespace

bool Conversation::offers_tls() const { return access_.tls != TlsOffer::None && !client_tls; }

// Behind an SSLRequest: to the TLS engine only, never to the start-up parser (1.5, CVE-2021-23214).
std::string Conversation::take_tls_bytes() { return std::exchange(held_, {}); }

void Conversation::start_up(std::string_view bytes) {
  held_.append(bytes);
  const bool is_first = !ssl_asked_ && !gss_asked_;
  if (is_first && offers_tls() && !held_.empty() && held_[0] == kTlsRecord) {
    actions->opening = Opening::ClientTls;  // direct TLS (1.1)
    return;
  }
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
        if (actions->opening == Opening::ClientTls) return;
    }
  }
}

void Conversation::start_up_packet(const wire::StartupPacket& packet, std::size_t size) {
  switch (packet.kind) {
    case wire::StartupKind::SslRequest:
    case wire::StartupKind::GssEncRequest:
      answer_encryption(packet, size);
      return;
    case wire::StartupKind::CancelRequest:
      cancels = true;
      actions->opening = Opening::Cancel;
      actions->to_server.append(std::string_view(held_).substr(0, size));
      held_.clear();
      set_phase(Phase::Opaque);
      return;
    case wire::StartupKind::Startup:
      accept_start_up(packet);
      return;
  }
}

void Conversation::answer_encryption(const wire::StartupPacket& packet, std::size_t size) {
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
  if (packet.kind == wire::StartupKind::SslRequest && offers_tls()) {
    actions->to_client.append("S");
    actions->opening = Opening::ClientTls;
    held_.erase(0, size);
    return;
  }
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
  if (refuse_client()) return;
  user = wire::significant(packet.parameter("user"));
  database = wire::significant(packet.parameter("database"));
  if (database.empty()) database = user;
  application = wire::significant(packet.parameter("application_name"));
  opaque_ = wire::asks_for_replication(packet.parameter("replication"));
  if (opens_console(packet)) return;
  choose_among_servers(std::string_view(held_).substr(0, wire::load_u32(held_.data())));
  actions->opening = Opening::Server;
  set_phase(Phase::Connecting);
}

// Only where there is something to choose or to refuse is the packet kept.
void Conversation::choose_among_servers(std::string_view packet) {
  const auto& upstream = settings_->config.upstream;
  const bool is_any = upstream.target_session_attrs == "any";
  if (is_any && (upstream.addresses.size() == 1 || opaque_)) return;
  choice_ = std::make_unique<ServerChoice>();
  choice_->attributes = upstream.target_session_attrs;
  choice_->packet = packet;
}

// True when the client was told why it cannot come in.
bool Conversation::refuse_client() {
  if (refused) {
    fail({"53300", "sorry, too many clients already", "",
          "Raise limits.max_clients or close connections."},
         "limit");
    return true;
  }
  if (draining) {
    fail({"57P03", "the proxy is shutting down", "", "Connect again."}, "draining");
    return true;
  }
  // protocol.md 1.25: the code of an HBA mismatch, upon which libpq's sslmode=allow tries TLS.
  if (access_.tls == TlsOffer::Required && !client_tls) {
    fail({"28000", "connections without TLS are not accepted here", "",
          "Connect with sslmode=require or higher."},
         "tls_required");
    return true;
  }
  if (access_.certificate == ClientCertificate::Required &&
      !(client_tls && client_tls->peer_showed_certificate)) {
    fail({"28000", "connection requires a valid client certificate", "",
          "Connect with sslcert and sslkey."},
         "certificate");
    return true;
  }
  return false;
}

void Conversation::server_connected() {
  if (phase != Phase::Connecting) return;
  if (choice_ && held_start_up_sent_) {
    server_framer_ = wire::Framer(wire::Peer::Server);
    auth_due_ = 0;
    authenticated_ = false;
    choice_->begin_anew();
    begin_login(choice_->packet);
    return resume_client();
  }
  held_start_up_sent_ = true;
  const std::size_t size = wire::load_u32(held_.data());
  begin_login(std::string_view(held_).substr(0, size));
  // What follows it waits its turn.
  held_.erase(0, size);
  resume_client();
}

void Conversation::begin_login(std::string_view packet) {
  send_start_up_packet(packet);
  if (settings_->config.auth_mode == "scram") open_login();
  if (phase == Phase::Closing) return;
  const bool strips_binding = server_tls && !client_tls;
  const bool is_pipe = opaque_ && !choice_ && !login_ && !negotiation_ && !strips_binding;
  set_phase(is_pipe ? Phase::Opaque : Phase::Authenticating);
}

// True when the message was dealt with here.
bool Conversation::server_login_frame(const wire::Frame& frame) {
  // Requests in front of AuthenticationOk, everything else behind it (2.13).
  const bool is_behind_login = frame.type == 'K' || frame.type == 'S' || frame.type == 'Z';
  if (is_behind_login != authenticated_ && (is_behind_login || frame.type == 'R')) {
    desynchronised("an unexpected message during the login");
    return true;
  }
  if (frame.type == 'v') {
    server_negotiates(frame);
    return true;
  }
  if (frame.type == 'R' && !is_to_be_relayed(frame)) return true;
  if (choice_ && keeps_login(frame)) return true;
  if (console_key_ && authenticated_ && frame.type != 'R' && frame.type != 'E') {
    console_login_frame(frame);
    return true;
  }
  switch (frame.type) {
    case 'R':
      if (wants_answer(frame.body)) ++auth_due_;
      if (auth_due_ > 0 && blocked == Blocked::Login) blocked = Blocked::No;
      relay_authentication(frame);
      // Nothing more of a pipe's log-in needs to be known, unless servers are chosen among.
      if (opaque_ && !choice_ && !console_key_) become_pipe();
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
      to_client(frame);
      return true;
    default:
      desynchronised("an unexpected message during the login");
      return true;
  }
}

// A client without TLS takes an offer of channel binding for an attack. The other way round, a
// client with TLS whose server has none, works as it is, and with TLS on both legs nothing would be
// gained (2.1).
void Conversation::relay_authentication(const wire::Frame& frame) {
  if (server_tls && !client_tls && frame.complete()) {
    const std::string edited = wire::without_sasl_mechanism(frame.body, kChannelBinding);
    if (!edited.empty()) {
      actions->to_client.append(edited);
      return;
    }
  }
  to_client(frame);
}

// The one moment at which a question of our own is always safe (1.24): nothing is in flight, the
// client waits.
void Conversation::first_ready(const wire::Frame& frame) {
  if (choice_ && !server_will_do()) return;
  if (opaque_) {
    if (blocked == Blocked::Login) blocked = Blocked::No;
    set_phase(Phase::Opaque);
    return to_client(frame);
  }
  set_phase(Phase::Ready);
  cells_ = &accounts().database(database);
  accounts().connected(database, client_tls ? "yes" : "no");
  accounts().sessions_starting.add(-1);
  accounts().sessions_open.add();
  if (!frame.body.empty()) status_ = frame.body[0];
  settings_ = env.settings;
  if (settings_->config.mode == policies::Mode::Off) {
    if (blocked == Blocked::Login) blocked = Blocked::No;
    to_client(frame);
    return draining ? idle_point() : enter_bypass();
  }
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

// True when the message was kept, or the server given up.
bool Conversation::keeps_login(const wire::Frame& frame) {
  ServerChoice& choice = *choice_;
  if (frame.type == 'Z') return false;
  if (frame.type == 'E') {
    const wire::ErrorResponse error = wire::error_response(frame.body);
    const bool not_ready = error.sqlstate == "57P03" && !choice.client_asked;
    if (!not_ready || !frame.whole) {
      release_login();
      return false;
    }
    // As libpq: a server that starts up or shuts down is passed over.
    choice.refusal = frame.raw;
    actions->opening = Opening::NextServer;
    set_phase(Phase::Connecting);
    return true;
  }
  if (frame.type == 'R') {
    if (wants_answer(frame.body)) {
      client_is_asked();
    } else if (frame.body.size() >= 4 && wire::load_u32(frame.body.data()) == 0 &&
               choice.attributes != "any") {
      choice.is_holding = true;
    }
  }
  if (!choice.is_holding) return false;
  if (!frame.whole || choice.held.size() + frame.raw.size() > kAuthMessageMax) {
    desynchronised("the log-in is too long");
    return true;
  }
  if (frame.type == 'S') {
    if (const auto status = wire::parameter_status(frame.body)) choice.note(*status);
    server_parameter(frame);
  }
  if (frame.type == 'K' && frame.body.size() >= 4) {
    backend_pid = static_cast<std::int32_t>(wire::load_u32(frame.body.data()));
  }
  choice.held.append(frame.raw);
  return true;
}

// At the first ReadyForQuery: the log-in is shown to the client, or begins anew elsewhere.
bool Conversation::server_will_do() {
  const Fit fit = choice_->fit();
  if (choice_->attributes != "any" && !choice_->takes_any) actions->server_fits = fit == Fit::Fits;
  const bool only_preferred = choice_->attributes == "prefer-standby" && choice_->client_asked;
  if (fit == Fit::Fits || only_preferred) {
    release_login();
    choice_.reset();
    return true;
  }
  choice_->unfit_seen = true;
  if (fit == Fit::NotTold) choice_->old_seen = true;
  refuse_server();
  return false;
}

void Conversation::refuse_server() {
  if (choice_->client_asked) {
    // Its proof of the password was for this server alone; the next attempt begins elsewhere.
    const std::string detail =
        "This was learned only after authentication, which cannot be repeated with another server.";
    return choice_->old_seen
               ? server_unavailable()
               : fail({"57P03", "the server does not fit target_session_attrs", detail,
                       "Connect again: the next attempt begins with another server."},
                      "upstream");
  }
  actions->to_server.append(std::string_view("X\0\0\0\4", 5));
  actions->opening = Opening::NextServer;
  set_phase(Phase::Connecting);
}

// From here on only this server can judge the answers.
void Conversation::client_is_asked() {
  release_login();
  choice_->client_asked = true;
  choice_->is_holding = false;
}

void Conversation::release_login() {
  actions->to_client.append(choice_->held);
  choice_->held.clear();
}

void Conversation::server_unavailable() {
  if (!choice_ || (!choice_->unfit_seen && choice_->refusal.empty())) {
    return fail({"57P03", "the database server is not available",
                 "No connection to it could be made.", "Try again shortly."},
                "upstream");
  }
  if (choice_->attributes == "prefer-standby" && choice_->unfit_seen && !choice_->takes_any) {
    choice_->takes_any = true;
    actions->opening = Opening::FirstServer;
    set_phase(Phase::Connecting);
    return;
  }
  if (!choice_->unfit_seen) {
    accounts().connection_failed("upstream");
    actions->to_client.append(choice_->refusal);
    actions->close_client = actions->close_server = true;
    return set_phase(Phase::Closing);
  }
  const std::string what = "no available server fits target_session_attrs=" + choice_->attributes;
  choice_->old_seen
      ? fail({"57P03", what, "A server older than PostgreSQL 14 does not report its role.",
              "Use target_session_attrs: any, or servers of PostgreSQL 14 or later."},
             "upstream")
      : fail({"57P03", what, "", "Try again shortly."}, "upstream");
}

}  // namespace pgconcord::session
