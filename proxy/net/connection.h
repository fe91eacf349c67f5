// One client: its stream, its server's stream and the Session between them. Hands bytes in, carries
// Actions out.
//
// Every entry point (an event of libuv or of the worker) does one call of the session, carries it
// out and ends in settle(), which delivers what had to wait, sets who is read, and reports the end;
// nothing is touched after that report.
//
//   client_ set, server_ set     talking                  client_ lingering   told goodbye, reading
//   and discarding (7.5) client_ set, connector_ set  opening the server       client_ gone what is
//   queued for the server still goes out
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/net/connector.h"
#include "proxy/net/context.h"
#include "proxy/net/stream.h"
#include "proxy/session/session.h"

namespace pgconcord::net {

class Connection;

class ConnectionOwner {
 public:
  // The last thing a connection does: the callee destroys it.
  virtual void on_finished(Connection& connection) = 0;

 protected:
  ~ConnectionOwner() = default;
};

enum class Admission : std::uint8_t {
  Admit,
  Refuse,    // too many clients
  TurnAway,  // the proxy drains
};

enum class Prelude : std::uint8_t { None, ProxyHeader };  // what comes before the first message

// An accepted socket on its way to a worker.
struct Accepted {
  Descriptor socket;
  std::string peer;      // for logs
  std::uint64_t id = 0;  // of the session
  Admission admission = Admission::Admit;
  Prelude prelude = Prelude::None;
  std::size_t listener = 0;  // which of the configuration's
};

class Connection final : StreamEvents, ConnectorEvents, HandshakeGate::Visitor {
 public:
  Connection(Context& context, ConnectionOwner& owner, Accepted accepted);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  // Once a second.
  void on_tick();
  void drain();
  // Of the question that the session asked the console.
  void answer(const console::Answer& answer);
  std::uint64_t id() const { return id_; }
  metrics::SessionFacts facts() const { return session_.facts(); }

 private:
  void on_bytes(Stream& stream, std::string_view bytes) override;
  void on_end(Stream& stream, End end) override;
  void on_written(Stream& stream) override;
  void on_connect(Result<Connected> outcome) override;
  void on_secured(Stream& stream) override;
  void on_turn() override;

  void carry_out();
  void send_to_server(const session::Outbox& outbox);
  void carry_out_opening();
  void open_server();
  void open_next_server();
  void ask_for_handshake();
  void begin_handshake();
  void leave_gate();
  void count_tls_failure(std::string_view reason);
  const ListenerTls& listener_tls() const { return tls_->listeners[listener_]; }
  void take_server();
  void secure_server(std::unique_ptr<TlsEngine> engine);
  void close_server();
  void linger();
  bool deliver_waiting();
  void settle();
  void set_readers();
  void drop_finished();
  bool is_finished() const;
  void note_phase();
  void note_trouble() const;

  Context& context_;
  ConnectionOwner& owner_;
  const session::SettingsRef settings_;  // of the start: the connector refers to it
  const std::uint64_t id_;
  const std::string peer_;
  const Admission admission_;
  const TlsRef tls_;  // of the start, likewise
  const std::size_t listener_;
  session::Session session_;

  std::unique_ptr<Stream> client_;
  std::unique_ptr<Stream> server_;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Connector> spare_;  // of server_: others may be asked for until it is accepted
  std::size_t server_address_ = 0;
  std::optional<Result<Connected>> connect_outcome_;  // not yet told to the session
  metrics::Cell* upstream_connections_ = nullptr;     // of the address that answered

  std::string held_;   // client bytes that came while the session wanted none
  std::string early_;  // for the server, before it is connected
  bool starting_connector_ = false;
  bool relays_cancel_ = false;
  enum class Input : std::uint8_t { Open, Paused, Ended };
  Input client_input_ = Input::Open;  // Paused: waits at the gate; Ended: nothing more comes
  enum class Handshake : std::uint8_t { None, Waiting, Running };
  Handshake handshake_ = Handshake::None;
  std::string tls_received_;  // of the handshake, while it waits
  bool client_end_told_ = false;
  bool server_finishing_ =
      false;  // its writing side is to be shut down, even if it is still being opened
  bool is_lingering_ = false;
  // Of a handshake, of a cancel request or of lingering; 0 = none.
  std::chrono::milliseconds deadline_{0};
  session::Phase noted_phase_ = session::Phase::Startup;  // for the log
};

}  // namespace pgconcord::net
