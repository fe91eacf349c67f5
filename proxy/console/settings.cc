// What the console says of the settings drivers ask for.
#include <map>

#include "proxy/console/statement.h"

namespace pgconcord::console {
namespace {

using Settings = std::map<std::string, std::string, std::less<>>;

// Those that do not depend on the session. `server_version` begins with a number that drivers
// read: the version whose protocol and types the console has.
const Settings& constants() {
  static const Settings settings{
      {"client_encoding", "UTF8"},
      {"client_min_messages", "notice"},
      {"datestyle", "ISO, MDY"},
      {"default_transaction_isolation", "read committed"},
      {"default_transaction_read_only", "off"},
      {"extra_float_digits", "1"},
      {"in_hot_standby", "off"},
      {"integer_datetimes", "on"},
      {"intervalstyle", "postgres"},
      {"is_superuser", "off"},
      {"lc_collate", "C"},
      {"lc_ctype", "C"},
      {"max_identifier_length", "63"},
      {"search_path", "public"},
      {"server_encoding", "UTF8"},
      {"server_version_num", "150000"},
      {"standard_conforming_strings", "on"},
      {"statement_timeout", "0"},
      {"timezone", "UTC"},
      {"transaction_isolation", "read committed"},
      {"transaction_read_only", "off"},
  };
  return settings;
}

}  // namespace

std::optional<std::string> setting(std::string_view name, const Identity& who) {
  if (name == "server_version") return "15.0 (pgconcord " + who.version + ")";
  if (name == "application_name") return who.application;
  if (name == "session_authorization" || name == "role") return who.user;
  const auto found = constants().find(name);
  if (found == constants().end()) return std::nullopt;
  return found->second;
}

}  // namespace pgconcord::console
