// One client's conversation, sans-IO: bytes of both peers in, Actions out. Never blocks, never
// throws, measures time only by Environment::now.
//
// Flow: construct, hand in client bytes; when Actions ask for TLS with the client, do the
// handshake, tell on_client_tls() and hand in decrypted bytes; when they ask for a server
// connection, open it and report the outcome; then hand in bytes and ends of stream from both sides
// as they come and carry out the Actions after each call. While wants_client_input() is false the
// client must not be read; the server is always read. One thread: the worker that owns it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "metrics/incidents.h"
#include "metrics/registry.h"
#include "metrics/session_facts.h"
#include "policies/catalog_cache.h"
#include "policies/config.h"
#include "policies/plan.h"
#include "policies/suspensions.h"
#include "proxy/console/question.h"
#include "proxy/crypto/digest.h"
#include "proxy/session/actions.h"
#include "proxy/session/leg.h"

namespace pgconcord::session {

// One generation of the configuration, immutable and shared by all workers.
struct Settings {
  policies::Config config;
  std::uint64_t generation = 0;
  std::string version{};  // of this program, for the console
};
using SettingsRef = std::shared_ptr<const Settings>;

struct Workspace;  // private to session/

// What a worker lends its sessions; outlives them.
struct Environment {
  SettingsRef settings;              // replaced on reload; sessions follow at their next idle point
  policies::PlanCache& plans;        // the worker's own
  policies::CatalogCache& catalogs;  // of the process
  policies::Suspensions& suspensions;  // of the process
  metrics::Shard& metrics;             // the worker's own
  metrics::Incidents& incidents;       // of the process
  // The loop's cached monotonic time, refreshed by the worker before each call.
  std::chrono::milliseconds now{0};
  // Unpredictable bytes for SCRAM nonces; a script of a test brings its own.
  std::string (*random_bytes)(std::size_t) = crypto::random_bytes;
  // Made by the first session; the worker leaves it alone.
  std::shared_ptr<Workspace> workspace{};
};

enum class Phase : std::uint8_t {
  Startup,         // waiting for SSLRequest, GSSENCRequest, CancelRequest or StartupMessage
  Connecting,      // waiting for the server connection
  Authenticating,  // until the first ReadyForQuery
  Ready,
  Opaque,    // replication or cancel: a byte pipe
  Bypassed,  // `mode: off`: a byte pipe until another mode is in force and it is idle
  Console,   // with the virtual database: there is no server
  Closing,   // nothing more is read from the client
};

class Session {
 public:
  // `id` spreads rollouts; stable for the life of the session.
  Session(Environment& environment, std::uint64_t id, ClientAccess access = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void on_client_bytes(std::string_view bytes, Actions& actions);
  void on_server_bytes(std::string_view bytes, Actions& actions);
  void on_client_eof(Actions& actions);
  void on_server_eof(Actions& actions);
  // Opening::ClientTls: the bytes that were read already, which are none of the session's.
  std::string take_tls_bytes();
  // It was an SSLRequest, not direct TLS.
  bool asked_for_tls() const;
  // The leg is encrypted from here on; the server's before on_server_connected().
  void on_client_tls(LegTls tls);
  void on_server_tls(LegTls tls);
  void on_server_connected(Actions& actions);
  // Every address failed. The client gets FATAL 57P03 with a generic text (protocol.md 1.18, 1.19).
  void on_server_unavailable(Actions& actions);
  // Opening::Console: what is asked; the answer goes to on_console_answer().
  console::Question take_question();
  void on_console_answer(const console::Answer& answer, Actions& actions);
  // About once a second while the session lives: deadlines of start-up and of own look-ups.
  void on_tick(Actions& actions);
  // The proxy is going away: a session that is idle now is told so (57P01) and closed, another at
  // its next idle point; one that has not begun is refused (57P03) when it does.
  void drain(Actions& actions);
  // The limit of clients is reached: after the StartupMessage the client gets FATAL 53300.
  void refuse(Actions& actions);

  bool wants_client_input() const;
  Phase phase() const;
  // For logs: database, user; empty before the StartupMessage. Backend process id; 0 before
  // BackendKeyData.
  const std::string& database() const;
  const std::string& user() const;
  std::int32_t backend_pid() const;
  // For operators; Environment::now must be the present.
  metrics::SessionFacts facts() const;
  // For logs: why the log-in failed, in constant words, where the client and the server's log do
  // not tell; else empty.
  std::string_view login_trouble() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgconcord::session
