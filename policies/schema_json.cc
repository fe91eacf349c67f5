// The schema table as JSON Schema: editors complete and check the file with it, Helm charts embed
// it.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "policies/load.h"
#include "policies/scalars.h"
#include "policies/schema.h"

namespace pgconcord::policies {
namespace {

using Json = nlohmann::ordered_json;

Json object_of(std::string_view section);

Json texts(std::string_view comma_separated) {
  Json list = Json::array();
  while (!comma_separated.empty()) {
    const std::size_t end = std::min(comma_separated.find(','), comma_separated.size());
    list.push_back(comma_separated.substr(0, end));
    comma_separated.remove_prefix(std::min(end + 1, comma_separated.size()));
  }
  return list;
}

Json text(std::string_view pattern) {
  Json type{{"type", "string"}};
  if (!pattern.empty()) type["pattern"] = pattern;
  return type;
}

Json count_of(const Key& key) {
  return {{"type", "integer"}, {"minimum", key.min}, {"maximum", key.max}};
}

Json list_of(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

Json type_of(const Key& key) {
  constexpr std::string_view kSize = "^(0|[1-9][0-9]*)(B|KiB|MiB|GiB|kB|KB|MB|GB)?$";
  switch (key.type) {
    case KeyType::Section:
      return object_of(std::string(key.path) + ".");
    case KeyType::SectionList:
      return list_of(object_of(std::string(key.path) + "[]."));
    case KeyType::Version:
      return {{"const", 1}};
    case KeyType::Word:
      return {{"enum", key.words()}};
    case KeyType::Flag:
      return {{"type", "boolean"}};
    case KeyType::Count:
      return count_of(key);
    case KeyType::Size:
      return {{"anyOf", Json::array({count_of(key), text(kSize)})}};
    case KeyType::Duration:
      return text("^(0|[1-9][0-9]*)(ms|s|m|h)$");
    case KeyType::Percent:
      return text("^(100|[1-9]?[0-9])%$");
    case KeyType::PolicyName:
      return text("^[a-z0-9-]{1,100}$");
    case KeyType::Table:
      return text("^.+\\..+$");
    case KeyType::Text:
    case KeyType::ListenAddress:
      return text("");
    case KeyType::ServerAddresses: {
      Json several = list_of(text(""));
      several["minItems"] = 1;
      return {{"anyOf", Json::array({text(""), several})}};
    }
    case KeyType::Texts:
    case KeyType::Networks:
      return list_of(text(""));
    case KeyType::TextMap:
      return {{"type", "object"},
              {"additionalProperties", {{"type", Json::array({"string", "number", "boolean"})}}}};
  }
  return {};
}

Json default_of(const Key& key) {
  switch (key.type) {
    case KeyType::Version:
    case KeyType::Count:
      return parse_count(key.default_text).value_or(0);
    case KeyType::Flag:
      return key.default_text == "true";
    case KeyType::ServerAddresses:
    case KeyType::Texts:
    case KeyType::Networks:
      return texts(key.default_text);
    case KeyType::TextMap:
      return Json::object();
    case KeyType::Word:
    case KeyType::Size:
    case KeyType::Duration:
    case KeyType::Percent:
    case KeyType::Text:
    case KeyType::PolicyName:
    case KeyType::Table:
    case KeyType::ListenAddress:
      return key.default_text;
    case KeyType::Section:
    case KeyType::SectionList:
      break;
  }
  return nullptr;
}

bool has_default(const Key& key) {
  const bool nested = key.type == KeyType::Section || key.type == KeyType::SectionList;
  // Exactly one of these two is given, so neither has a default.
  const bool target = key.path == "policies[].constraint" || key.path == "policies[].columns";
  return !nested && !target && key.presence == Presence::Optional;
}

Json object_of(std::string_view section) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Key* key : keys_of(section)) {
    Json property = type_of(*key);
    property["description"] = key->help;
    if (has_default(*key)) property["default"] = default_of(*key);
    if (key->presence == Presence::Required) required.push_back(key->name());
    properties[std::string(key->name())] = std::move(property);
  }
  Json object{{"type", "object"}, {"additionalProperties", false}};
  object["properties"] = std::move(properties);
  if (!required.empty()) object["required"] = std::move(required);
  if (section == "policies[].") {
    object["oneOf"] = Json::array(
        {{{"required", Json::array({"constraint"})}}, {{"required", Json::array({"columns"})}}});
  }
  return object;
}

}  // namespace

std::string json_schema() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "pgconcord configuration"}};
  schema.update(object_of(""));
  return schema.dump(2) + "\n";
}

}  // namespace pgconcord::policies
