// The users that `auth: {mode: scram}` knows, with PostgreSQL's own verifiers of their passwords.
// The file is PgBouncer's auth_file: one `"user" "SCRAM-SHA-256$4096:salt$StoredKey:ServerKey"` per
// line, `;` starts a comment, `""` inside quotes is one quote. Passwords and MD5 hashes are
// refused: a verifier is all that is needed, and no password can be had from it.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "policies/config.h"
#include "policies/load.h"

namespace pgconcord::policies {

// Errors name file and line and never show what stands there.
[[nodiscard]] tl::expected<Users, ConfigErrors> parse_users(std::string_view text,
                                                            const std::string& file);

// Nothing unless it is PostgreSQL's text of a SCRAM-SHA-256 verifier.
[[nodiscard]] tl::expected<Verifier, std::string> parse_verifier(std::string_view text);

}  // namespace pgconcord::policies
