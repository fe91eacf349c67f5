// Private to policies: what must hold between settings that are each right on their own. A rule
// keeps silent when one of its settings was already reported.
#pragma once

#include <string>

#include "policies/config.h"
#include "policies/findings.h"
#include "policies/yaml_node.h"

namespace pgconcord::policies {

void check_policy(const Policy& policy, const YamlNode& node, const std::string& path,
                  Findings& findings);

void check_listener(const Listener& listener, const YamlNode& node, const std::string& path,
                    Findings& findings);

// Everything of the root but lists of sections. `root` may be Null: an empty file.
void check_settings(const Config& config, const YamlNode& root, Findings& findings);

}  // namespace pgconcord::policies
