#include "policies/value.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "policies/scalars.h"
#include "policies/suggestion.h"

namespace pgconcord::policies {
namespace {

using Added = tl::expected<void, Problem>;

tl::unexpected<Problem> problem(std::string message, std::string help) {
  return tl::unexpected(Problem{std::move(message), std::move(help)});
}

Added add_word(const Key& key, std::string_view text, Value& value) {
  const auto words = key.words();
  const auto found = std::find(words.begin(), words.end(), text);
  if (found == words.end()) {
    const std::string_view near = nearest(text, words);
    std::string help = near.empty() ? "" : "did you mean `" + std::string(near) + "`? ";
    return problem(quoted_in_message(text) + " is no value of `" + std::string(key.name()) + "`",
                   help + "allowed: " + listed(words));
  }
  value.number = static_cast<std::uint64_t>(found - words.begin());
  value.text = std::string(text);
  return {};
}

std::string number_text(KeyType type, std::uint64_t number) {
  if (type == KeyType::Size) return size_text(number);
  if (type == KeyType::Duration) return duration_text(number);
  return type == KeyType::Percent ? std::to_string(number) + "%" : std::to_string(number);
}

Added add_number(const Key& key, std::string_view text, Value& value) {
  const auto parse = key.type == KeyType::Size       ? parse_size
                     : key.type == KeyType::Duration ? parse_duration
                     : key.type == KeyType::Percent  ? parse_percent
                                                     : parse_count;
  const Number number = parse(text);
  if (!number) return tl::unexpected(number.error());
  if (*number < key.min || *number > key.max) {
    return problem(quoted_in_message(text) + " is out of range",
                   "`" + std::string(key.name()) + "` is from " + number_text(key.type, key.min) +
                       " to " + number_text(key.type, key.max));
  }
  value.number = *number;
  return {};
}

Added add_version(std::string_view text) {
  if (text == "1") return {};
  return problem("version " + quoted_in_message(text) + " is not supported", "write `version: 1`");
}

Added add_flag(std::string_view text, Value& value) {
  const Number flag = parse_flag(text);
  if (!flag) return tl::unexpected(flag.error());
  value.number = *flag;
  return {};
}

Added add_policy_name(std::string_view text, Value& value) {
  constexpr std::size_t kNameMax = 100;
  const bool fits =
      text.size() <= kNameMax && std::all_of(text.begin(), text.end(), [](char each) {
        return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-';
      });
  if (!fits) {
    return problem(quoted_in_message(text) + " is no name of a policy",
                   "up to 100 of the letters a-z, digits and `-`");
  }
  value.text = std::string(text);
  return {};
}

Added add_table(std::string_view text, Value& value) {
  const auto table = parse_table(text);
  if (!table) return tl::unexpected(table.error());
  value.list = {table->first, table->second};
  return {};
}

Added add_address(const Key& key, std::string_view text, Value& value) {
  const auto address = parse_address(text);
  if (!address) return problem(address.error(), "");
  if (key.type == KeyType::ServerAddresses && address->unix_path.empty() && address->port == 0) {
    return problem(quoted_in_message(text) + " has no port that a server can have",
                   "a server's port is 1 to 65535");
  }
  if (std::find(value.addresses.begin(), value.addresses.end(), *address) !=
      value.addresses.end()) {
    return problem(quoted_in_message(text) + " is listed twice", "remove one of them");
  }
  value.addresses.push_back(*address);
  return {};
}

// An address of either family and the length of its prefix.
bool is_network(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  const bool v4 = inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
  if (!v4 && inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return false;
  if (slash == std::string::npos) return true;
  const Number length = parse_count(text.substr(slash + 1));
  return length && *length <= (v4 ? 32U : 128U);
}

Added add_network(std::string_view text, Value& value) {
  if (!is_network(std::string(text))) {
    return problem(quoted_in_message(text) + " is no network",
                   "write an address with the length of its prefix, such as `10.0.0.0/8`");
  }
  value.list.emplace_back(text);
  return {};
}

std::vector<std::string> address_texts(const std::vector<Address>& addresses) {
  std::vector<std::string> texts;
  texts.reserve(addresses.size());
  for (const Address& each : addresses) texts.push_back(each.text);
  return texts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& each : parts) text += (text.empty() ? "" : ",") + each;
  return text;
}

std::string pairs_text(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<std::string> parts;
  parts.reserve(pairs.size());
  for (const auto& [name, text] : pairs)
    parts.push_back(std::string(name).append(": ").append(text));
  return joined(parts);
}

}  // namespace

Added add_scalar(const Key& key, std::string_view text, Value& value) {
  switch (key.type) {
    case KeyType::Version:
      return add_version(text);
    case KeyType::Word:
      return add_word(key, text, value);
    case KeyType::Flag:
      return add_flag(text, value);
    case KeyType::Count:
    case KeyType::Size:
    case KeyType::Duration:
    case KeyType::Percent:
      return add_number(key, text, value);
    case KeyType::PolicyName:
      return add_policy_name(text, value);
    case KeyType::Table:
      return add_table(text, value);
    case KeyType::ListenAddress:
    case KeyType::ServerAddresses:
      return add_address(key, text, value);
    case KeyType::Networks:
      return add_network(text, value);
    case KeyType::Text:
      value.text = std::string(text);
      return {};
    case KeyType::Texts:
      value.list.emplace_back(text);
      return {};
    case KeyType::Section:
    case KeyType::SectionList:
    case KeyType::TextMap:
      break;
  }
  return problem("`" + std::string(key.name()) + "` takes no single value", "");
}

void store_defaults(std::string_view section, const Target& target) {
  for (const Key& key : schema()) {
    const bool below = key.path.substr(0, section.size()) == section &&
                       key.path.find("[]", section.size()) == std::string_view::npos;
    // Without a default text the field's own initial value stands: empty.
    if (!below || key.slot.store == nullptr || key.default_text.empty()) continue;
    Value value;
    if (add_scalar(key, key.default_text, value)) key.slot.store(target, value);
  }
}

std::string value_text(const Key& key, const Target& target) {
  const Value value = key.slot.load(target);
  switch (key.type) {
    case KeyType::Flag:
      return value.number == 0 ? "false" : "true";
    case KeyType::Version:
    case KeyType::Count:
    case KeyType::Size:
    case KeyType::Duration:
    case KeyType::Percent:
      return number_text(key.type, value.number);
    case KeyType::Word:
      return value.text.empty() ? std::string(key.words().at(value.number)) : value.text;
    case KeyType::Text:
    case KeyType::PolicyName:
      return value.text;
    case KeyType::Table:
      return table_text(value.list.at(0), value.list.at(1));
    case KeyType::ListenAddress:
    case KeyType::ServerAddresses:
      return joined(address_texts(value.addresses));
    case KeyType::Networks:
    case KeyType::Texts:
      return joined(value.list);
    case KeyType::TextMap:
      return pairs_text(value.pairs);
    case KeyType::Section:
    case KeyType::SectionList:
      break;
  }
  return "";
}

}  // namespace pgconcord::policies
