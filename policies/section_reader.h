// Private to policies: walks a YAML tree by the schema table, stores what is right and reports what
// is wrong.
#pragma once

#include <string>
#include <string_view>

#include "policies/findings.h"
#include "policies/schema.h"
#include "policies/yaml_node.h"

namespace pgconcord::policies {

// A mapping in the file and the rows that describe it.
struct SectionPlace {
  std::string_view section;  // of the schema: `policies[].`
  std::string path;          // of this file: `policies[2].`
};

class SectionReader {
 public:
  explicit SectionReader(Findings& findings) : findings_(findings) {}
  // Keys without a slot (version, include, the lists of sections) are checked but left to the
  // caller.
  void read(const YamlNode& node, const SectionPlace& place, const Target& target);
  // False, and reported, unless the node is a list. Null is an empty list.
  bool is_list(const YamlNode& node, const std::string& path);

 private:
  void read_key(const YamlNode& node, const SectionPlace& place, const Target& target);
  void read_value(const YamlNode& node, const Key& key, const std::string& path,
                  const Target& target);
  bool read_scalar(const YamlNode& node, const Key& key, const std::string& path, Value& value);
  bool read_list(const YamlNode& node, const Key& key, const std::string& path, Value& value);
  bool read_map(const YamlNode& node, const Key& key, const std::string& path, Value& value);
  void report_unknown(const YamlNode& node, const SectionPlace& place);
  void report_missing(const YamlNode& node, const SectionPlace& place);

  Findings& findings_;
};

}  // namespace pgconcord::policies
