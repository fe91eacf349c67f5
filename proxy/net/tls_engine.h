// TLS of one connection without a socket: ciphertext in, plaintext out, and the other way round.
// Knows OpenSSL and nothing of libuv; Stream and TlsDialer move the bytes.
//
// Flow: receive() what was read, then read() until it gives 0 (this also turns the handshake), then
// send output(). write() adds to output() once the state is Open.
//
//   Handshaking --> Open --close_notify--> Closed
//        `------------`----------------> Failed
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "policies/config.h"
#include "proxy/net/tls_context.h"
#include "proxy/session/actions.h"
#include "proxy/session/leg.h"

struct ssl_st;  // OpenSSL's SSL

namespace pgconcord::net {

class TlsEngine {
 public:
  enum class State : std::uint8_t { Handshaking, Open, Closed, Failed };
  enum class Entry : std::uint8_t { Negotiated, Direct };  // Direct: ALPN is a must (1.2)

  // `material` outlives the engine. Null when OpenSSL is out of memory.
  static std::unique_ptr<TlsEngine> towards_client(const ListenerTls& material, Entry entry);
  static std::unique_ptr<TlsEngine> towards_server(const UpstreamTls& material,
                                                   const policies::Address& address);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  // `ciphertext` stays valid until read() gave 0.
  void receive(std::string_view ciphertext) { input_ = ciphertext; }
  // Plaintext of what was received; 0 when there is no more for now, or ever.
  std::size_t read(std::span<char> into);
  // Begins the handshake where it is ours to begin.
  void begin() { handshake(); }
  void write(const session::Outbox& outbox);
  // close_notify: nothing more will be written.
  void finish();

  State state() const { return state_; }
  // To be sent; the caller empties it.
  std::string& output() { return output_; }
  // Of Failed: for logs.
  const std::string& failure() const { return failure_; }
  // Of Open: the certificates that were shown.
  session::LegTls facts() const;

 private:
  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };
  friend struct TlsBytes;  // the BIO

  TlsEngine(Entry entry, std::string own_end_point);
  bool attach(ssl_ctx_st* context);
  void handshake();
  void after_handshake();
  void fail(int result);
  void write_piece(std::string_view plain);

  std::unique_ptr<ssl_st, FreeSsl> ssl_;
  std::string_view input_;
  std::string output_;
  std::string failure_;
  std::string own_end_point_;  // towards a client; empty towards a server
  Entry entry_;
  State state_ = State::Handshaking;
};

}  // namespace pgconcord::net
