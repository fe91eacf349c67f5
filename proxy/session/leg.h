// How the two legs of a session are protected. Values that net/ finds out and the session decides
// by; TLS itself is net's business.
#pragma once

#include <cstdint>
#include <string>

namespace pgconcord::session {

// What the listener has for clients that ask for TLS.
enum class TlsOffer : std::uint8_t { None, Optional, Required };
enum class ClientCertificate : std::uint8_t { NotAsked, Required };
struct ClientAccess {
  TlsOffer tls = TlsOffer::None;
  ClientCertificate certificate = ClientCertificate::NotAsked;
};

// One leg's TLS, after its handshake.
struct LegTls {
  // RFC 5929 tls-server-end-point of the certificate the TLS server showed: ours towards the
  // client, the server's towards it. Raw digest; empty where the certificate has none (Ed25519),
  // and then SCRAM-SHA-256-PLUS is impossible (protocol.md 2.6).
  std::string server_end_point;
  // One that the authorities signed, where they were asked.
  bool peer_showed_certificate = false;
};

}  // namespace pgconcord::session
