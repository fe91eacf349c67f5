#include "policies/section_reader.h"

#include <algorithm>
#include <utility>

#include "policies/suggestion.h"
#include "policies/value.h"

namespace pgconcord::policies {
namespace {

constexpr std::size_t kServersMax = 64;

// Where to point: at the value, or at its key when there is no value to point at.
Position place_of(const YamlNode& node) {
  return node.kind == YamlKind::Null && node.key_at.line > 0 ? node.key_at : node.at;
}

bool is_list_type(KeyType type) {
  return type == KeyType::Texts || type == KeyType::Networks || type == KeyType::ServerAddresses;
}

// YAML numbers and truth values in quotes are text; JSON Schema and other tools see it so as well.
bool must_be_plain(KeyType type) {
  return type == KeyType::Version || type == KeyType::Count || type == KeyType::Flag;
}

std::string in_quotes(std::string_view name) { return "`" + std::string(name) + "`"; }

// The section as a user would call it.
std::string place_name(std::string_view section) {
  if (section.empty()) return "at the top level";
  if (section == "policies[].") return "in a policy";
  if (section == "listen[].") return "in a listener";
  section.remove_suffix(1);
  const std::size_t dot = section.rfind("[].");
  return "in " + in_quotes(dot == std::string_view::npos ? section : section.substr(dot + 3));
}

std::vector<std::string_view> names_in(std::string_view section) {
  std::vector<std::string_view> names;
  for (const Key* key : keys_of(section)) names.push_back(key->name());
  return names;
}

const Key* elsewhere(std::string_view name) {
  const auto all = schema();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Key& key) { return key.name() == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string help_for_null(const Key& key) {
  if (key.presence == Presence::Required) {
    return key.words().empty() ? std::string(key.help) : "allowed: " + listed(key.words());
  }
  if (key.default_text.empty()) return "write a value or remove the line";
  return "write a value, or remove the line for the default " + in_quotes(key.default_text);
}

}  // namespace

void SectionReader::read(const YamlNode& node, const SectionPlace& place, const Target& target) {
  if (node.kind == YamlKind::Refused) return;
  if (node.kind != YamlKind::Mapping && node.kind != YamlKind::Null) {
    const std::string path = place.path.substr(0, place.path.size() - (place.path.empty() ? 0 : 1));
    return findings_.add(node.at, path,
                         {"a mapping of keys is needed " + place_name(place.section),
                          "known here: " + listed(names_in(place.section))});
  }
  for (const YamlNode& item : node.items) read_key(item, place, target);
  report_missing(node, place);
}

bool SectionReader::is_list(const YamlNode& node, const std::string& path) {
  if (node.kind == YamlKind::Sequence || node.kind == YamlKind::Null) return true;
  if (node.kind != YamlKind::Refused) {
    findings_.add(node.at, path,
                  {in_quotes(path) + " must be a list", "start each item with `- `"});
  }
  return false;
}

void SectionReader::read_key(const YamlNode& node, const SectionPlace& place,
                             const Target& target) {
  const Key* key = find_key(place.section, node.key);
  if (key == nullptr) return report_unknown(node, place);
  const std::string path = place.path + node.key;
  if (node.kind == YamlKind::Refused) return findings_.mark(path);
  if (key->type == KeyType::Section) {
    const std::string section = std::string(key->path) + ".";
    return read(node, {section, path + "."}, target);
  }
  if (key->type != KeyType::SectionList) read_value(node, *key, path, target);
}

void SectionReader::read_value(const YamlNode& node, const Key& key, const std::string& path,
                               const Target& target) {
  Value value;
  const bool read = is_list_type(key.type)         ? read_list(node, key, path, value)
                    : key.type == KeyType::TextMap ? read_map(node, key, path, value)
                                                   : read_scalar(node, key, path, value);
  if (read && key.slot.store != nullptr) key.slot.store(target, value);
}

bool SectionReader::read_scalar(const YamlNode& node, const Key& key, const std::string& path,
                                Value& value) {
  Problem problem;
  if (node.kind == YamlKind::Refused) return false;
  if (node.kind == YamlKind::Null) {
    problem = {in_quotes(path) + " has no value", help_for_null(key)};
  } else if (node.kind != YamlKind::Scalar) {
    problem = {in_quotes(path) + " must be a single value", std::string(key.help)};
  } else if (node.text.empty() &&
             (key.presence == Presence::Required || !key.default_text.empty())) {
    problem = {in_quotes(path) + " is empty", help_for_null(key)};
  } else if (node.quoted && must_be_plain(key.type)) {
    problem = {in_quotes(path) + " is text because of its quotes", "remove the quotes"};
  } else if (auto added = add_scalar(key, node.text, value); !added) {
    problem = added.error();
  } else {
    return true;
  }
  findings_.add(place_of(node), path, std::move(problem));
  return false;
}

bool SectionReader::read_list(const YamlNode& node, const Key& key, const std::string& path,
                              Value& value) {
  if (key.type == KeyType::ServerAddresses) {
    if (node.kind == YamlKind::Scalar) return read_scalar(node, key, path, value);
    if (node.kind == YamlKind::Null || (node.kind == YamlKind::Sequence && node.items.empty())) {
      findings_.add(place_of(node), path,
                    {in_quotes(path) + " names no server", help_for_null(key)});
      return false;
    }
  }
  if (!is_list(node, path)) return false;
  if (key.type == KeyType::ServerAddresses && node.items.size() > kServersMax) {
    findings_.add(node.at, path,
                  {in_quotes(path) + " names more than " + std::to_string(kServersMax) + " servers",
                   "they are tried one after the other: keep the list short"});
    return false;
  }
  bool read = true;
  for (std::size_t index = 0; index < node.items.size(); ++index) {
    const std::string item = path + "[" + std::to_string(index) + "]";
    if (!read_scalar(node.items[index], key, item, value)) read = false;
  }
  if (!read) findings_.mark(path);
  return read;
}

bool SectionReader::read_map(const YamlNode& node, const Key& key, const std::string& path,
                             Value& value) {
  if (node.kind == YamlKind::Null) return true;
  if (node.kind != YamlKind::Mapping) {
    findings_.add(node.at, path, {in_quotes(path) + " must be a mapping", std::string(key.help)});
    return false;
  }
  bool read = true;
  for (const YamlNode& item : node.items) {
    if (item.kind == YamlKind::Scalar && !item.text.empty()) {
      value.pairs.emplace_back(item.key, item.text);
      continue;
    }
    read = false;
    if (item.kind == YamlKind::Refused) continue;
    findings_.add(place_of(item), path + "." + item.key,
                  {in_quotes(item.key) + " has no SQL expression",
                   "write one as text, such as `EXCLUDED." + item.key + "` or `\"NULL\"`"});
  }
  if (!read) findings_.mark(path);
  return read;
}

void SectionReader::report_unknown(const YamlNode& node, const SectionPlace& place) {
  if (findings_.is_full()) return findings_.add(node.key_at, place.path + node.key, {});
  const auto known = names_in(place.section);
  std::string help = "known here: " + listed(known);
  if (const Key* other = elsewhere(node.key)) {
    help = in_quotes(node.key) + " belongs " + place_name(other->section());
  } else if (const std::string_view near = nearest(node.key, known); !near.empty()) {
    help = "did you mean " + in_quotes(near) + "?";
    // It is there, only misspelt: not to be missed by the rules.
    findings_.mark(place.path + std::string(near));
  }
  findings_.add(
      node.key_at, place.path + node.key,
      {"unknown key " + quoted_in_message(node.key) + " " + place_name(place.section), help});
}

void SectionReader::report_missing(const YamlNode& node, const SectionPlace& place) {
  for (const Key* key : keys_of(place.section)) {
    if (key->presence != Presence::Required || node.find(key->name()) != nullptr) continue;
    const std::string path = place.path + std::string(key->name());
    if (findings_.has(path)) continue;
    findings_.add(node.at, path,
                  {in_quotes(key->name()) + " is missing " + place_name(place.section),
                   "add `" + std::string(key->name()) + ":`; " + help_for_null(*key)});
  }
}

}  // namespace pgconcord::policies
