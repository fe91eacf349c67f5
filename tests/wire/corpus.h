// The scripts as seeds of tests/fuzz: corpus/session/ in the form of fuzz_session.cc, corpus/frame/
// in that of fuzz_frame.cc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/wire/wire_script.h"

namespace pgconcord::wire_test {

// Path below tests/fuzz/corpus -> content. Long scripts are left out.
std::map<std::string, std::string> seeds(const std::vector<Script>& scripts);

}  // namespace pgconcord::wire_test
