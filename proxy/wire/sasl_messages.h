// The messages of authentication (manual "Message Formats", "SASL Authentication"): what the server
// asks for, and the envelopes of SASL. What is inside an envelope is in scram_messages.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgconcord::wire {

// The first number of an `R` message.
enum class Authentication : std::uint32_t {
  Ok = 0,
  KerberosV5 = 2,
  CleartextPassword = 3,
  Md5Password = 5,
  Gss = 7,
  GssContinue = 8,
  Sspi = 9,
  Sasl = 10,
  SaslContinue = 11,
  SaslFinal = 12,
};

struct AuthenticationRequest {
  Authentication kind = Authentication::Ok;  // may be a number without a name
  std::string_view data;
};
std::optional<AuthenticationRequest> authentication_request(std::string_view body);
// Does the server wait for an answer to it? Ok and SaslFinal only tell.
bool wants_answer(Authentication kind);
// For messages: `md5`; of an Ok that nothing preceded, what it may mean.
std::string_view method_name(Authentication kind);

// Of AuthenticationSASL's data; names behind a missing end are left out.
std::vector<std::string_view> sasl_mechanisms(std::string_view data);

struct SaslInitialResponse {
  std::string_view mechanism;
  std::optional<std::string_view> data;
};
std::optional<SaslInitialResponse> sasl_initial_response(std::string_view body);

std::string make_authentication_sasl(const std::vector<std::string_view>& mechanisms);
std::string make_authentication(Authentication kind, std::string_view data);
std::string make_sasl_initial_response(std::string_view mechanism, std::string_view data);
std::string make_sasl_response(std::string_view data);

}  // namespace pgconcord::wire
