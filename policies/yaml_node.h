// Private to policies: YAML text -> a tree in which every node knows its place. Stricter than
// yaml-cpp, which accepts duplicate keys, further documents and alias bombs; anchors, aliases and
// tags are refused. Scalars stay text: whoever reads one knows what it should be (yaml-cpp would
// make `no` false and `010` eight). The only code that includes yaml-cpp is yaml_node.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policies/findings.h"

namespace pgconcord::policies {

enum class YamlKind : std::uint8_t {
  Null,
  Scalar,
  Sequence,
  Mapping,
  Refused,  // an error was reported for it; nothing more is to be said
};

struct YamlNode {
  YamlKind kind = YamlKind::Null;
  Position at;
  std::string text;     // Scalar
  bool quoted = false;  // Scalar: written in quotes or as a block
  std::string key;      // in a Mapping: the key this is the value of
  Position key_at;      // in a Mapping
  std::vector<YamlNode>
      items;  // Sequence: items; Mapping: values, in the order of the file, keys unique

  // The value of a key, nullptr when this is no mapping or has no such key.
  const YamlNode* find(std::string_view name) const;
};

// A syntax error ends the reading: then the root is Refused. Other errors are added and reading
// goes on.
YamlNode read_yaml(const SourceText& source, Findings& findings);

}  // namespace pgconcord::policies
