// Every golden file of tests/golden/config_errors: a configuration and the exact errors a user
// sees.
#include <gtest/gtest.h>

#include "policies/load.h"
#include "tests/support/golden.h"

namespace pgconcord::policies {
namespace {

using test_support::golden_files;
using test_support::GoldenCase;

class ConfigErrorsGolden : public testing::TestWithParam<std::string> {};

TEST_P(ConfigErrorsGolden, ShowEveryErrorAtItsPlace) {
  test_support::expect_golden(GetParam(), [](const GoldenCase& each) {
    const auto config = load_text(each.input, "pgconcord.yaml");
    return config ? std::string("no error\n") : render(config.error());
  });
}

INSTANTIATE_TEST_SUITE_P(Files, ConfigErrorsGolden,
                         testing::ValuesIn(golden_files("tests/golden/config_errors")),
                         [](const auto& file) {
                           const auto slash = file.param.rfind('/') + 1;
                           return file.param.substr(slash, file.param.rfind('.') - slash);
                         });

}  // namespace
}  // namespace pgconcord::policies
