// The schema table as a reference for readers.
#include <string>
#include <string_view>

#include "policies/scalars.h"
#include "policies/schema.h"

namespace pgconcord::policies {
namespace {

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string words_text(const Key& key) {
  std::string text;
  for (const std::string_view each : key.words()) text += (text.empty() ? "" : ", ") + code(each);
  return text;
}

std::string range_text(const Key& key) {
  switch (key.type) {
    case KeyType::Size:
      return "size, " + size_text(key.min) + " to " + size_text(key.max);
    case KeyType::Duration:
      return "duration, " + duration_text(key.min) + " to " + duration_text(key.max);
    case KeyType::Percent:
      return "0% to 100%";
    case KeyType::Count:
      return std::to_string(key.min) + " to " + std::to_string(key.max);
    case KeyType::Section:
    case KeyType::SectionList:
    case KeyType::Version:
    case KeyType::Word:
    case KeyType::Flag:
    case KeyType::Text:
    case KeyType::PolicyName:
    case KeyType::Table:
    case KeyType::ListenAddress:
    case KeyType::ServerAddresses:
    case KeyType::Texts:
    case KeyType::Networks:
    case KeyType::TextMap:
      break;
  }
  return "";
}

std::string values_text(const Key& key) {
  switch (key.type) {
    case KeyType::Section:
      return "mapping";
    case KeyType::SectionList:
      return "list of mappings";
    case KeyType::Version:
      return "`1`";
    case KeyType::Word:
      return words_text(key);
    case KeyType::Flag:
      return "`true`, `false`";
    case KeyType::Count:
    case KeyType::Size:
    case KeyType::Duration:
    case KeyType::Percent:
      return range_text(key);
    case KeyType::Text:
      return "text";
    case KeyType::PolicyName:
      return "name";
    case KeyType::Table:
      return "`schema.table`";
    case KeyType::ListenAddress:
      return "address";
    case KeyType::ServerAddresses:
      return "address or list of addresses";
    case KeyType::Texts:
      return "list of texts";
    case KeyType::Networks:
      return "list of networks";
    case KeyType::TextMap:
      return "mapping to texts";
  }
  return "";
}

std::string default_text(const Key& key) {
  if (key.presence == Presence::Required) return "required";
  if (!key.default_text.empty()) return code(key.default_text);
  return key.type == KeyType::Text ? "empty" : "";
}

}  // namespace

std::string reference_markdown() {
  std::string text =
      "# Configuration keys\n"
      "Generated from the table in `policies/schema.cc`, as is `pgconcord.schema.json`.\n"
      "Sizes: `4096`, `256KiB`, `1MiB`, `64MB`. Durations: `500ms`, `5s`, `1m`, `2h`.\n\n"
      "| key | values | default | meaning |\n"
      "|---|---|---|---|\n";
  for (const Key& key : schema()) {
    text += "| " + code(key.path) + " | " + values_text(key) + " | " + default_text(key) + " | " +
            std::string(key.help) + " |\n";
  }
  return text;
}

}  // namespace pgconcord::policies
