// Which of several servers will do (libpq's target_session_attrs), judged by what the server itself
// reports at the end of the client's own log-in. Until then the log-in is kept as far as no answer
// of the client is needed, so that it can begin anew with another server unnoticed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/wire/backend_messages.h"

namespace pgconcord::session {

enum class Fit : std::uint8_t {
  Fits,
  Unfit,
  NotTold,  // servers before PostgreSQL 14 do not report it
};

struct ServerChoice {
  std::string attributes;  // target_session_attrs
  std::string packet;      // the client's StartupMessage
  std::string held;        // what the client will see once the server is accepted
  std::string refusal;     // FATAL 57P03 of the last server that is not ready; empty = none
  std::optional<bool> in_hot_standby, read_only;
  bool is_holding = true;     // false while the client is asked for its password
  bool client_asked = false;  // it has seen a challenge, which only this server can judge
  bool unfit_seen = false, old_seen = false;
  bool takes_any = false;  // prefer-standby, second round

  void note(const wire::ParameterStatus& status);
  Fit fit() const;
  void begin_anew();
};

}  // namespace pgconcord::session
