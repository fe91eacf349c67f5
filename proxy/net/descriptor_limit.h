// RLIMIT_NOFILE: raised to what the system allows, and checked against what the clients may need
// (protocol.md 7.12).
#pragma once

#include <cstddef>

#include "proxy/net/socket.h"

namespace pgconcord::net {

// Two per client, and room for cancel requests, refusals, the admin interface, loops and logs.
std::size_t descriptors_needed(std::size_t max_clients);

// Raises the soft limit to the hard one. The error says what to do.
[[nodiscard]] Result<void> provide_descriptors(std::size_t max_clients);

}  // namespace pgconcord::net
