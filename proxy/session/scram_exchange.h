// SCRAM-SHA-256 (RFC 5802, RFC 7677) from either side, as values: ScramServer speaks to the client,
// ScramClient to the server. Neither knows a password: the one checks a proof against a verifier,
// the other proves with the ClientKey that such a proof gave away (protocol.md 2.7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/crypto/digest.h"
#include "proxy/wire/scram_messages.h"

namespace pgconcord::session {

// What the password is stretched with.
struct Challenge {
  std::string salt;
  std::uint32_t iterations = 0;
  friend bool operator==(const Challenge&, const Challenge&) = default;
};

// `binding` below: the hash for tls-server-end-point of the certificate on that leg; empty where
// the leg has none, and channel binding is neither offered nor used.

class ScramServer {
 public:
  ScramServer(std::string nonce, std::string binding);

  std::vector<std::string_view> mechanisms() const;
  wire::ScramResult<void> choose(std::string_view mechanism);
  wire::ScramResult<void> take_first(std::string_view text);
  bool has_first() const { return !client_first_bare_.empty(); }
  std::string first(const Challenge& challenge);
  wire::ScramResult<void> take_final(std::string_view text);
  // After take_final(); nothing when the proof does not fit the StoredKey.
  std::optional<crypto::Digest> client_key(const crypto::Digest& stored_key) const;
  std::string final(const crypto::Digest& server_key) const;

 private:
  wire::ScramResult<void> check_binding(const wire::ClientFirst& first) const;

  std::string own_nonce_, binding_;
  bool plus_ = false;
  std::string header_;  // GS2
  std::string client_first_bare_, server_first_, nonce_;
  std::string auth_message_;
  crypto::Digest proof_;
};

class ScramClient {
 public:
  // Nothing when the server offers no mechanism that can be used.
  static std::optional<ScramClient> answer(const std::vector<std::string_view>& offered,
                                           std::string nonce, const std::string& binding);

  std::string_view mechanism() const { return plus_ ? wire::kScramPlus : wire::kScram; }
  std::string first() const { return header_ + first_bare_; }
  wire::ScramResult<Challenge> take_first(std::string_view text);
  std::string final(const crypto::Digest& client_key, const crypto::Digest& stored_key);
  bool accepts(std::string_view server_final, const crypto::Digest& server_key) const;

 private:
  ScramClient() = default;

  std::string own_nonce_;
  bool plus_ = false;
  std::string header_, binding_;
  std::string first_bare_, server_first_, nonce_;
  std::string auth_message_;
};

}  // namespace pgconcord::session
