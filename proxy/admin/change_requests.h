// The requests that change the running proxy: who may, what is asked, and how it is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/admin/answer.h"

namespace pgconcord::admin {

struct ChangeRequest {
  enum class Kind : std::uint8_t { Reload, Drain, Mode } kind = Kind::Reload;
  std::string policy{};  // Mode
};

// Nothing when the path names none.
std::optional<ChangeRequest> change_for(std::string_view path);

// The request shows the token.
bool is_allowed(const Request& request, const Sources& sources);
// 403 where changes are off, 401 without the token.
Answer carry_out(const ChangeRequest& change, const Request& request, const Sources& sources);

}  // namespace pgconcord::admin
