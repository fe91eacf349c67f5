// One policy held against the live catalog: does it find its table and index, and would an ordinary
// INSERT be rewritten?
#pragma once

#include <string>
#include <vector>

#include "policies/catalog.h"
#include "policies/policy.h"

namespace pgconcord::cli {

enum class Severity : std::uint8_t { Ok, Note, Warning, Error };

struct Finding {
  Severity severity = Severity::Ok;
  std::string policy;
  std::string table;   // schema.table; empty when it was not found
  std::string reason;  // label of policies::Reason; empty when none
  std::string message;
};

std::string_view label(Severity severity);

// At least one finding for each table of the policy; one for the policy when it finds no table.
std::vector<Finding> review(const policies::Policy& policy, const policies::Catalog& catalog);

}  // namespace pgconcord::cli
