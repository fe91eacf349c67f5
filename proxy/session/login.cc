// The server's authentication requests: passed on unread, or under `auth: {mode: scram}` handed to
// ScramLogin, which decides what both peers get.
#include <string>

#include "policies/users.h"
#include "proxy/limits.h"
#include "proxy/session/conversation.h"
#include "proxy/wire/base64.h"

namespace pgconcord::session {

namespace {

// As long as PostgreSQL's own: 18 bytes, 24 characters.
constexpr std::size_t kNonceBytes = 18;

}  // namespace

void Conversation::open_login() {
  LoginParties parties;
  const auto& users = settings_->config.users;
  if (users) {
    const auto found = users->find(user);
    if (found != users->end()) parties.verifier = &found->second;
  }
  if (client_tls) parties.client_binding = client_tls->server_end_point;
  if (server_tls) parties.server_binding = server_tls->server_end_point;
  parties.client_nonce = wire::base64(env.random_bytes(kNonceBytes));
  parties.server_nonce = wire::base64(env.random_bytes(kNonceBytes));
  if (parties.client_nonce.empty() || parties.server_nonce.empty()) {
    fail({"58000", "could not generate a random nonce", "", "Try again shortly."}, "rejected");
    return;
  }
  login_ = std::make_unique<ScramLogin>(std::move(parties));
  auth_inspect_ = kSaslMessageMax;
}

// False when the message was dealt with here; AuthenticationOk is the server's to say in any case.
bool Conversation::is_to_be_relayed(const wire::Frame& frame) {
  if (negotiation_) negotiation_over();
  const auto request = wire::authentication_request(frame.body);
  const bool is_ok = request && request->kind == wire::Authentication::Ok;
  if (login_) {
    if (!request || !frame.complete()) {
      desynchronised("a damaged authentication request");
      return false;
    }
    carry_out(login_->server_asks(*request));
    if (phase != Phase::Authenticating || !is_ok) return false;
    // Accepted: what was learnt of the password is wiped.
    login_.reset();
    auth_inspect_ = 0;
  }
  authenticated_ = is_ok;
  return true;
}

void Conversation::login_answer(const wire::Frame& frame) {
  if (!frame.complete()) {
    fail({"08P01", "invalid message length", "", ""}, "protocol");
    return;
  }
  carry_out(login_->client_answers(frame.body));
}

void Conversation::carry_out(const LoginStep& step) {
  if (step.refusal) {
    const LoginRefusal& why = *step.refusal;
    fail({why.sqlstate, why.message, why.detail, why.hint},
         why.sqlstate == "08P01" ? "protocol" : "rejected");
    return;
  }
  if (step.asks_client && choice_) client_is_asked();
  actions->to_client.append(step.to_client);
  actions->to_server.append(step.to_server);
  if (step.asks_client) ++auth_due_;
  if (auth_due_ > 0 && blocked == Blocked::Login) blocked = Blocked::No;
}

}  // namespace pgconcord::session
