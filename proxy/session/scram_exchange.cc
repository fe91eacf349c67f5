#include "proxy/session/scram_exchange.h"

#include <algorithm>
#include <utility>

#include "proxy/wire/base64.h"

namespace pgconcord::session {
namespace {

using crypto::Digest;
using wire::ScramError;
using wire::ScramResult;

template <class... Text>
auto refused(std::string_view sqlstate, std::string_view message, Text... detail) {
  return tl::unexpected(ScramError{sqlstate, message, std::string(detail...)});
}

}  // namespace

ScramServer::ScramServer(std::string nonce, std::string binding)
    : own_nonce_(std::move(nonce)), binding_(std::move(binding)) {}

std::vector<std::string_view> ScramServer::mechanisms() const {
  if (binding_.empty()) return {wire::kScram};
  return {wire::kScramPlus, wire::kScram};
}

ScramResult<void> ScramServer::choose(std::string_view mechanism) {
  plus_ = mechanism == wire::kScramPlus;
  const auto offered = mechanisms();
  if (std::find(offered.begin(), offered.end(), mechanism) != offered.end()) return {};
  return refused("08P01", "client selected an invalid SASL authentication mechanism");
}

// The downgrade checks of protocol.md 2.8; the words are PostgreSQL's.
ScramResult<void> ScramServer::check_binding(const wire::ClientFirst& first) const {
  switch (first.flag) {
    case wire::BindingFlag::Used:
      if (!plus_) {
        return tl::unexpected(wire::malformed(
            "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message "
            "includes channel binding data."));
      }
      if (first.binding_type != wire::kEndPoint) {
        return refused("08P01", "unsupported SCRAM channel-binding type",
                       "Only tls-server-end-point is supported.");
      }
      return {};
    case wire::BindingFlag::NotOffered:
      if (!plus_ && !binding_.empty()) {
        return refused("28000", "SCRAM channel binding negotiation error",
                       "The client supports SCRAM channel binding but thinks the server does not. "
                       " However, this server does support channel binding.");
      }
      break;
    case wire::BindingFlag::None:
      break;
  }
  if (!plus_) return {};
  return tl::unexpected(
      wire::malformed("The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not "
                      "include channel binding data."));
}

ScramResult<void> ScramServer::take_first(std::string_view text) {
  const auto first = wire::client_first(text);
  if (!first) return tl::unexpected(first.error());
  if (auto sound = check_binding(*first); !sound) return sound;
  header_ = first->header;
  client_first_bare_ = first->bare;
  nonce_ = std::string(first->nonce) + own_nonce_;
  return {};
}

std::string ScramServer::first(const Challenge& challenge) {
  server_first_ = "r=" + nonce_ + ",s=" + wire::base64(challenge.salt) +
                  ",i=" + std::to_string(challenge.iterations);
  return server_first_;
}

ScramResult<void> ScramServer::take_final(std::string_view text) {
  const auto final = wire::client_final(text);
  if (!final) return tl::unexpected(final.error());
  if (final->binding != wire::base64(header_ + (plus_ ? binding_ : std::string()))) {
    if (plus_) return refused("28000", "SCRAM channel binding check failed");
    return refused("08P01", "unexpected SCRAM channel-binding attribute in client-final-message");
  }
  if (!crypto::equal(final->nonce, nonce_)) {
    return refused("08P01", "invalid SCRAM response", "Nonce does not match.");
  }
  proof_ = Digest::of_bytes(final->proof);
  auth_message_ =
      client_first_bare_ + "," + server_first_ + "," + std::string(final->without_proof);
  return {};
}

std::optional<Digest> ScramServer::client_key(const Digest& stored_key) const {
  const Digest key = proof_ ^ crypto::hmac_sha256(stored_key, auth_message_);
  if (!(crypto::sha256(key.view()) == stored_key)) return std::nullopt;
  return key;
}

std::string ScramServer::final(const Digest& server_key) const {
  return "v=" + wire::base64(crypto::hmac_sha256(server_key, auth_message_).view());
}

std::optional<ScramClient> ScramClient::answer(const std::vector<std::string_view>& offered,
                                               std::string nonce, const std::string& binding) {
  const auto offers = [&](std::string_view name) {
    return std::find(offered.begin(), offered.end(), name) != offered.end();
  };
  ScramClient client;
  client.plus_ = offers(wire::kScramPlus) && !binding.empty();
  if (!client.plus_ && !offers(wire::kScram)) return std::nullopt;
  if (client.plus_) {
    client.header_ = "p=" + std::string(wire::kEndPoint) + ",,";
    client.binding_ = binding;
  } else {
    // `y` lets the server find out that somebody took its offer of channel binding away.
    client.header_ = binding.empty() ? "n,," : "y,,";
  }
  client.own_nonce_ = std::move(nonce);
  // PostgreSQL takes the user from the start-up packet.
  client.first_bare_ = "n=,r=" + client.own_nonce_;
  return client;
}

ScramResult<Challenge> ScramClient::take_first(std::string_view text) {
  auto first = wire::server_first(text);
  if (!first) return tl::unexpected(std::move(first.error()));
  if (!first->nonce.starts_with(own_nonce_) || first->nonce.size() == own_nonce_.size()) {
    return refused("08P01", "invalid SCRAM response", "Nonce does not match.");
  }
  server_first_ = text;
  nonce_ = first->nonce;
  return Challenge{std::move(first->salt), first->iterations};
}

std::string ScramClient::final(const Digest& client_key, const Digest& stored_key) {
  const std::string without_proof = "c=" + wire::base64(header_ + binding_) + ",r=" + nonce_;
  auth_message_ = first_bare_ + "," + server_first_ + "," + without_proof;
  const Digest proof = client_key ^ crypto::hmac_sha256(stored_key, auth_message_);
  return without_proof + ",p=" + wire::base64(proof.view());
}

bool ScramClient::accepts(std::string_view server_final, const Digest& server_key) const {
  const auto signature = wire::server_final(server_final);
  return signature &&
         Digest::of_bytes(*signature) == crypto::hmac_sha256(server_key, auth_message_);
}

}  // namespace pgconcord::session
