#include "policies/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "policies/load.h"

namespace pgconcord::policies {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

TEST(Token, IsTheTextWithoutTheSpaceAroundIt) {
  EXPECT_EQ(parse_token(" \n" + std::string(kSecret) + "\r\n").value(), kSecret);
}

TEST(Token, ThatNobodyShouldUseIsRefusedWithoutBeingShown) {
  for (const std::string text : {"", " \n\t", "short-secret-15", "two words that are long enough",
                                 "caf\xC3\xA9-0123456789abcdef"}) {
    const auto token = parse_token(text);
    ASSERT_FALSE(token.has_value()) << text;
    EXPECT_THAT(token.error().help, HasSubstr("openssl rand"));
    if (text.find_first_not_of(" \n\t") == std::string::npos) continue;
    EXPECT_THAT(token.error().message + token.error().help, Not(HasSubstr(text)));
  }
}

TEST(Token, IsKnownByAllOfItsBytes) {
  EXPECT_TRUE(is_token(kSecret, kSecret));
  for (const std::string& wrong :
       {std::string(), std::string(kSecret.substr(1)), std::string(kSecret) + "0",
        std::string(kSecret) + std::string(kSecret), "X" + std::string(kSecret.substr(1)),
        std::string(kSecret.substr(0, 31)) + "X"}) {
    EXPECT_FALSE(is_token(wrong, kSecret)) << wrong;
  }
  EXPECT_FALSE(is_token("", ""));
}

class TokenFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("token-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directory(folder_);
    std::ofstream(folder_ / "pgconcord.yaml") << "version: 1\nadmin: {token_file: token}\n";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text, std::filesystem::perms permissions) {
    std::ofstream(folder_ / "token") << text;
    std::filesystem::permissions(folder_ / "token", permissions);
  }
  tl::expected<Config, ConfigErrors> load() const {
    return load_file((folder_ / "pgconcord.yaml").string());
  }

  std::filesystem::path folder_;
};

TEST_F(TokenFile, IsReadBesideTheConfiguration) {
  write(std::string(kSecret) + "\n", std::filesystem::perms::owner_read);
  const auto config = load();
  ASSERT_TRUE(config.has_value()) << render(config.error());
  ASSERT_NE(config->admin.token, nullptr);
  EXPECT_EQ(config->admin.token->text, kSecret);
  EXPECT_FALSE(config->admin.token->everyone_reads);
}

TEST_F(TokenFile, ThatEveryoneReadsIsNoted) {
  write(std::string(kSecret), std::filesystem::perms(0644));
  EXPECT_TRUE(load()->admin.token->everyone_reads);
}

TEST_F(TokenFile, ThatIsMissingOrEmptyNamesThePlace) {
  EXPECT_THAT(render(load().error()), HasSubstr("pgconcord.yaml:2:"));
  EXPECT_THAT(render(load().error()), HasSubstr("cannot be read"));
  write("", std::filesystem::perms(0600));
  EXPECT_THAT(render(load().error()), HasSubstr("holds no token: it is empty"));
}

}  // namespace
}  // namespace pgconcord::policies
