#include "proxy/session/server_choice.h"

namespace pgconcord::session {

void ServerChoice::note(const wire::ParameterStatus& status) {
  if (status.name == "in_hot_standby") in_hot_standby = status.value == "on";
  if (status.name == "default_transaction_read_only") read_only = status.value == "on";
}

Fit ServerChoice::fit() const {
  if (takes_any || attributes == "any") return Fit::Fits;
  if (!in_hot_standby || !read_only) return Fit::NotTold;
  const bool is_read_only = *in_hot_standby || *read_only;
  const auto fits_if = [](bool fits) { return fits ? Fit::Fits : Fit::Unfit; };
  if (attributes == "read-write") return fits_if(!is_read_only);
  if (attributes == "read-only") return fits_if(is_read_only);
  if (attributes == "primary") return fits_if(!*in_hot_standby);
  return fits_if(*in_hot_standby);  // standby, prefer-standby
}

void ServerChoice::begin_anew() {
  held.clear();
  in_hot_standby.reset();
  read_only.reset();
  is_holding = true;
}

}  // namespace pgconcord::session
