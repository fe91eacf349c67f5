// The console's side of the protocol: the messages it makes beyond rows.
#pragma once

#include <string>
#include <string_view>

#include "proxy/console/question.h"

namespace pgconcord::console {

std::string make_error(const Refusal& refusal);
std::string make_parameter_status(std::string_view name, std::string_view value);
// ParameterDescription of a statement without parameters.
std::string make_no_parameters();
// A message that is its type alone: ParseComplete, BindComplete, CloseComplete, NoData,
// EmptyQueryResponse, PortalSuspended.
std::string make_bare(char type);

}  // namespace pgconcord::console
