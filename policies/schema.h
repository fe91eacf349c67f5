// Private to policies: the one table of every key of the configuration file. Loading, defaults,
// the JSON Schema and the reference table are all made from it; a new setting is one new row (and
// its field in config.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policies/slot.h"

namespace pgconcord::policies {

enum class KeyType : std::uint8_t {
  Section,      // mapping of the rows whose path continues this one with `.`
  SectionList,  // list of mappings: the rows whose path continues this one with `[].`
  Version,      // the number 1
  Word,         // one of `allowed`
  Flag,
  Count,
  Size,
  Duration,
  Percent,
  Text,
  PolicyName,
  Table,            // schema.table
  ListenAddress,    // port 0 = any free port
  ServerAddresses,  // one or a list
  Texts,
  Networks,  // list of CIDRs
  TextMap,   // mapping of names to text
};

enum class Presence : std::uint8_t { Optional, Required };

struct Key {
  std::string_view path{};  // `limits.plan_cache`, `policies[].name`
  KeyType type = KeyType::Text;
  std::string_view default_text{};  // as in the file, without quotes; lists separated by commas
  std::string_view allowed{};       // Word: the words, separated by spaces
  std::uint64_t min = 0, max = 0;   // Count, Size, Duration
  Slot slot{};
  std::string_view help{};
  Presence presence = Presence::Optional;

  std::string_view name() const;     // the last part of the path
  std::string_view section() const;  // what stands before the name: "", `limits.`, `policies[].`
  std::vector<std::string_view> words() const;
};

std::span<const Key> schema();
// nullptr when there is none.
const Key* find_key(std::string_view section, std::string_view name);
// In the order of the table.
std::vector<const Key*> keys_of(std::string_view section);

// A table of every key for the documentation, in Markdown.
std::string reference_markdown();

}  // namespace pgconcord::policies
