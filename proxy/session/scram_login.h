// One log-in under `auth: {mode: scram}`: both exchanges side by side, pure.
//
//   client              proxy               server
//      |                  |  <-- AuthenticationSASL
//      |  <-- mechanisms  |  client-first -->          FirstMessages
//      |  client-first -> |  <-- server-first
//      |  <-- server-first with the server's salt and count
//      |  client-final -> |  checked against the verifier: ClientKey
//      |                  |  client-final -->          Proven
//      |                  |  <-- server-final, checked
//      |  <-- server-final|  <-- AuthenticationOk      Accepted
//
// The salt and count are always the server's, also for users without a verifier, for whom the
// server makes them up: nobody can tell which users the proxy knows. A wrong password or an unknown
// user still sends the server a proof, one that fails, so that the error, its delay and the entry
// in the server's log are the server's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policies/users.h"
#include "proxy/session/scram_exchange.h"
#include "proxy/wire/sasl_messages.h"

namespace pgconcord::session {

struct LoginParties {
  const policies::Verifier* verifier = nullptr;  // nullptr: the user is not known here; only read
                                                 // by the constructor
  std::string client_binding, server_binding;    // see scram_exchange.h
  std::string client_nonce, server_nonce;        // ours towards the client, towards the server
};

struct LoginRefusal {
  std::string sqlstate, message, detail, hint;
};

// What to do next; whole messages.
struct LoginStep {
  std::string to_client, to_server;
  bool asks_client = false;  // to_client wants an answer
  std::optional<LoginRefusal> refusal;
};

class ScramLogin {
 public:
  explicit ScramLogin(LoginParties parties);

  // Nothing is left to do at an AuthenticationOk that is not refused: it may be relayed.
  LoginStep server_asks(const wire::AuthenticationRequest& request);
  // The body of a `p` message.
  LoginStep client_answers(std::string_view body);
  // For the log: why it failed or will fail, in constant words; empty while nothing is known.
  std::string_view trouble() const { return trouble_; }
  bool is_accepted() const { return state_ == State::Accepted; }

 private:
  enum class State : std::uint8_t { Waiting, FirstMessages, Challenged, Proven, Accepted };
  enum class Knowledge : std::uint8_t { Known, Unknown, Outdated };

  LoginStep begin(std::string_view offered);
  LoginStep take_challenge(std::string_view text);
  LoginStep take_initial(std::string_view body);
  LoginStep take_client_first(std::string_view text);
  LoginStep challenge_client();
  LoginStep take_proof(std::string_view text);
  LoginStep take_signature(std::string_view text);
  LoginStep other_method(std::string_view name);
  LoginStep out_of_step(std::string_view what);

  std::string server_nonce_, server_binding_;
  Knowledge knowledge_ = Knowledge::Unknown;
  Challenge expected_;  // of the verifier
  crypto::Digest stored_key_, server_key_;
  ScramServer towards_client_;
  std::optional<ScramClient> towards_server_;
  std::optional<Challenge> challenge_;  // the server's
  bool mechanism_chosen_ = false;
  bool doomed_ = false;  // the proof sent to the server is a wrong one
  State state_ = State::Waiting;
  std::string_view trouble_;
};

}  // namespace pgconcord::session
