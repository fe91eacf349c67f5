#include "proxy/session/scram_login.h"

#include <utility>

#include "proxy/wire/base64.h"

namespace pgconcord::session {
namespace {

using wire::Authentication;

LoginStep refuse(const wire::ScramError& error) {
  LoginStep step;
  step.refusal =
      LoginRefusal{std::string(error.sqlstate), std::string(error.message), error.detail, ""};
  return step;
}

}  // namespace

ScramLogin::ScramLogin(LoginParties parties)
    : server_nonce_(std::move(parties.server_nonce)),
      server_binding_(std::move(parties.server_binding)),
      towards_client_(std::move(parties.client_nonce), std::move(parties.client_binding)) {
  if (parties.verifier == nullptr) return;
  // Of the right form since the users' file was read.
  const policies::Verifier& verifier = *parties.verifier;
  expected_ = {wire::from_base64(verifier.salt).value_or(""), verifier.iterations};
  stored_key_ = crypto::Digest::of_bytes(wire::from_base64(verifier.stored_key).value_or(""));
  server_key_ = crypto::Digest::of_bytes(wire::from_base64(verifier.server_key).value_or(""));
  knowledge_ = Knowledge::Known;
}

LoginStep ScramLogin::server_asks(const wire::AuthenticationRequest& request) {
  switch (request.kind) {
    case Authentication::Sasl:
      return state_ == State::Waiting ? begin(request.data) : out_of_step("AuthenticationSASL");
    case Authentication::SaslContinue:
      return state_ == State::FirstMessages && !challenge_ ? take_challenge(request.data)
                                                           : out_of_step("SASLContinue");
    case Authentication::SaslFinal:
      return state_ == State::Proven ? take_signature(request.data) : out_of_step("SASLFinal");
    case Authentication::Ok:
      if (state_ == State::Waiting) break;
      if (state_ != State::Accepted) return out_of_step("AuthenticationOk");
      return {};
    case Authentication::KerberosV5:
    case Authentication::CleartextPassword:
    case Authentication::Md5Password:
    case Authentication::Gss:
    case Authentication::GssContinue:
    case Authentication::Sspi:
      break;
  }
  return other_method(wire::method_name(request.kind));
}

LoginStep ScramLogin::begin(std::string_view offered) {
  towards_server_ =
      ScramClient::answer(wire::sasl_mechanisms(offered), server_nonce_, server_binding_);
  if (!towards_server_) return other_method(wire::method_name(Authentication::Sasl));
  state_ = State::FirstMessages;
  LoginStep step;
  step.to_client = wire::make_authentication_sasl(towards_client_.mechanisms());
  step.asks_client = true;
  step.to_server =
      wire::make_sasl_initial_response(towards_server_->mechanism(), towards_server_->first());
  return step;
}

LoginStep ScramLogin::take_challenge(std::string_view text) {
  auto challenge = towards_server_->take_first(text);
  if (!challenge) {
    trouble_ = "the server's first SCRAM message is malformed";
    return refuse(challenge.error());
  }
  challenge_ = std::move(*challenge);
  // Changed meanwhile, or the server has no such user and made it up.
  if (knowledge_ == Knowledge::Known && !(*challenge_ == expected_)) {
    knowledge_ = Knowledge::Outdated;
  }
  return towards_client_.has_first() ? challenge_client() : LoginStep{};
}

LoginStep ScramLogin::client_answers(std::string_view body) {
  if (state_ == State::FirstMessages && !towards_client_.has_first()) {
    return mechanism_chosen_ ? take_client_first(body) : take_initial(body);
  }
  if (state_ == State::Challenged) return take_proof(body);
  return refuse({"08P01", "expected no SASL response", {}});
}

LoginStep ScramLogin::take_initial(std::string_view body) {
  const auto response = wire::sasl_initial_response(body);
  if (!response) return refuse({"08P01", "invalid SASLInitialResponse message", {}});
  if (auto chosen = towards_client_.choose(response->mechanism); !chosen) {
    return refuse(chosen.error());
  }
  mechanism_chosen_ = true;
  if (response->data) return take_client_first(*response->data);
  // Allowed by RFC 4422: an empty challenge asks for it.
  LoginStep step;
  step.to_client = wire::make_authentication(Authentication::SaslContinue, "");
  step.asks_client = true;
  return step;
}

LoginStep ScramLogin::take_client_first(std::string_view text) {
  if (auto taken = towards_client_.take_first(text); !taken) return refuse(taken.error());
  return challenge_ ? challenge_client() : LoginStep{};
}

LoginStep ScramLogin::challenge_client() {
  state_ = State::Challenged;
  LoginStep step;
  step.to_client =
      wire::make_authentication(Authentication::SaslContinue, towards_client_.first(*challenge_));
  step.asks_client = true;
  return step;
}

// Every user takes the same path and time; without a usable verifier the keys are zeros.
LoginStep ScramLogin::take_proof(std::string_view text) {
  if (auto taken = towards_client_.take_final(text); !taken) return refuse(taken.error());
  const auto key = towards_client_.client_key(stored_key_);
  doomed_ = !key || knowledge_ != Knowledge::Known;
  if (knowledge_ == Knowledge::Unknown) {
    trouble_ = "the user is not in auth.users_file";
  } else if (knowledge_ == Knowledge::Outdated) {
    trouble_ =
        "the verifier in auth.users_file is not the server's: take rolpassword from pg_authid "
        "again and reload";
  } else if (!key) {
    trouble_ = "wrong password";
  } else {
    trouble_ =
        "the password fits auth.users_file but the server refused it (VALID UNTIL passed, or "
        "another verifier)";
  }
  state_ = State::Proven;
  LoginStep step;
  step.to_server = wire::make_sasl_response(
      towards_server_->final(doomed_ ? crypto::Digest() : *key, stored_key_));
  return step;
}

LoginStep ScramLogin::take_signature(std::string_view text) {
  if (doomed_ || !towards_server_->accepts(text, server_key_)) {
    // Only the server that the verifier came from can sign with its ServerKey.
    trouble_ = "the server's SCRAM signature does not fit the verifier in auth.users_file";
    return refuse({"28000", "the server could not prove its identity",
                   "Its SCRAM signature does not fit the user's verifier."});
  }
  state_ = State::Accepted;
  trouble_ = {};
  LoginStep step;
  step.to_client =
      wire::make_authentication(Authentication::SaslFinal, towards_client_.final(server_key_));
  return step;
}

LoginStep ScramLogin::other_method(std::string_view name) {
  trouble_ = "the server did not ask for SCRAM-SHA-256";
  LoginStep step;
  step.refusal = LoginRefusal{
      "28000", "the server did not ask for SCRAM-SHA-256 but for " + std::string(name),
      "The proxy ends SCRAM-SHA-256 itself (auth.mode: scram).",
      "Let the server ask this user for scram-sha-256 (pg_hba.conf, password_encryption), or use "
      "auth.mode: passthrough."};
  return step;
}

LoginStep ScramLogin::out_of_step(std::string_view what) {
  trouble_ = "the server's SCRAM messages are out of order";
  return refuse({"08P01", "protocol synchronization with the server was lost",
                 "An unexpected " + std::string(what) + " came during the log-in."});
}

}  // namespace pgconcord::session
