#include "proxy/cli/log_message.h"

#include <array>
#include <vector>

namespace pgconcord::cli {
namespace {

enum class Names : unsigned char {
  Constraint,
  TableConstraint,
  ColumnTable,
  ParentConstraintTable,  // the table named last is the one the constraint belongs to
};

struct Pattern {
  std::string_view begin;   // of the message
  std::string_view inside;  // stands further behind
  std::string_view sqlstate;
  Names names;
};

// The server's sources, versions 14 to 18; the first that fits.
constexpr auto kPatterns = std::to_array<Pattern>({
    {"duplicate key value violates unique constraint \"", "", "23505", Names::Constraint},
    {"conflicting key value violates exclusion constraint \"", "", "23P01", Names::Constraint},
    {"insert or update on table \"", "\" violates foreign key constraint \"", "23503",
     Names::TableConstraint},
    {"update or delete on table \"", "\" violates RESTRICT setting of foreign key constraint \"",
     "23001", Names::ParentConstraintTable},
    {"update or delete on table \"", "\" violates foreign key constraint \"", "23503",
     Names::ParentConstraintTable},
    {"null value in column \"", "\" violates not-null constraint", "23502", Names::ColumnTable},
    {"new row for relation \"", "\" violates check constraint \"", "23514", Names::TableConstraint},
    {"value for domain ", " violates check constraint \"", "23514", Names::Constraint},
});

// What stands in quotes of the server's languages.
std::vector<std::string> quoted_names(std::string_view message) {
  constexpr auto kQuotes =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"\"", "\""},
                                                                    {"«", "»"},
                                                                    {"»", "«"},
                                                                    {"„", "“"},
                                                                    {"„", "”"},
                                                                    {"“", "”"},
                                                                    {"”", "”"},
                                                                    {"「", "」"}});
  std::vector<std::string> names;
  for (std::size_t at = 0; at < message.size();) {
    bool found = false;
    for (const auto& [open, close] : kQuotes) {
      if (!message.substr(at).starts_with(open)) continue;
      const std::size_t end = message.find(close, at + open.size());
      if (end == message.npos) continue;
      std::string_view name = message.substr(at + open.size(), end - at - open.size());
      // French puts no-break spaces inside.
      while (name.starts_with("\u00a0") || name.starts_with("\u202f")) {
        name.remove_prefix(name.starts_with("\u00a0") ? 2 : 3);
      }
      while (name.ends_with("\u00a0") || name.ends_with("\u202f")) {
        name.remove_suffix(name.ends_with("\u00a0") ? 2 : 3);
      }
      names.emplace_back(name);
      at = end + close.size();
      found = true;
      break;
    }
    if (!found) ++at;
  }
  return names;
}

void take(const std::vector<std::string>& names, Names order, NamedViolation& violation) {
  const auto name = [&names](std::size_t at) { return at < names.size() ? names[at] : ""; };
  switch (order) {
    case Names::Constraint:
      violation.constraint = name(0);
      return;
    case Names::TableConstraint:
      violation.table = name(0);
      violation.constraint = name(1);
      return;
    case Names::ColumnTable:
      violation.column = name(0);
      violation.table = name(1);
      return;
    case Names::ParentConstraintTable:
      violation.constraint = name(1);
      violation.table = name(2);
      return;
  }
}

}  // namespace

std::optional<NamedViolation> named_violation(std::string_view message, std::string_view sqlstate) {
  NamedViolation violation;
  for (const Pattern& pattern : kPatterns) {
    if (!message.starts_with(pattern.begin)) continue;
    if (message.find(pattern.inside) == message.npos) continue;
    if (!sqlstate.empty() && sqlstate != pattern.sqlstate) continue;  // RAISE may say anything
    violation.sqlstate = pattern.sqlstate;
    take(quoted_names(message), pattern.names, violation);
    return violation;
  }
  if (!sqlstate.starts_with("23")) return std::nullopt;
  violation.sqlstate = sqlstate;
  const auto names = quoted_names(message);
  const bool is_duplicate = sqlstate == "23505" || sqlstate == "23P01";
  if (is_duplicate && names.size() == 1) violation.constraint = names[0];
  return violation;
}

}  // namespace pgconcord::cli
