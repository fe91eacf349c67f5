// The words of the configuration file for the enumerations of policy.h, and its globs.
#include "policies/policy.h"

#include <algorithm>

namespace pgconcord::policies {

bool is_up_front(const Policy& policy) {
  return policy.apply == Apply::UpFront || policy.action == Action::InsertMissing;
}

bool waits_for_violation(const Policy& policy) {
  return policy.apply == Apply::OnViolation ||
         (policy.statement == StatementKind::Update && policy.action == Action::DoNothing);
}

std::string_view label(Mode mode) {
  switch (mode) {
    case Mode::Off:
      return "off";
    case Mode::Observe:
      return "observe";
    case Mode::Enforce:
      return "enforce";
  }
  return "";
}

std::string_view label(StatementKind kind) {
  switch (kind) {
    case StatementKind::Insert:
      return "insert";
    case StatementKind::Update:
      return "update";
    case StatementKind::Copy:
      return "copy";
  }
  return "";
}

std::string_view label(Action action) {
  switch (action) {
    case Action::DoNothing:
      return "do_nothing";
    case Action::DoUpdate:
      return "do_update";
    case Action::ReturnExisting:
      return "return_existing";
    case Action::InsertMissing:
      return "insert_missing";
  }
  return "";
}

std::string_view label(Apply apply) {
  switch (apply) {
    case Apply::Auto:
      return "auto";
    case Apply::OnViolation:
      return "on_violation";
    case Apply::UpFront:
      return "up_front";
  }
  return "";
}

// Backtracks to the last `*` only, so the time is at most the product of the two lengths.
bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t read = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_read = 0;
  while (read < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_read = read;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[read])) {
      ++at;
      ++read;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      read = ++star_read;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

bool any_glob_matches(const std::vector<std::string>& patterns, std::string_view text) {
  return patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [&](const auto& each) {
           return glob_matches(each, text);
         });
}

}  // namespace pgconcord::policies
