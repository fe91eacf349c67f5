#include "proxy/wire/frontend_messages.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/message_text.h"

namespace pgconcord::wire {
namespace {

using namespace std::string_literals;

std::string bytes_of(const char* line) { return test_support::message_bytes(line).value(); }
std::string body_of(const char* line) { return bytes_of(line).substr(5); }

TEST(FrontendMessages, AQueryEndsWithItsOnlyNul) {
  EXPECT_EQ(query_text(body_of("Query \"SELECT 1\"")), "SELECT 1");
  EXPECT_EQ(query_text("\0"s), "");
  EXPECT_EQ(query_text(""), std::nullopt);
  EXPECT_EQ(query_text("SELECT 1"), std::nullopt) << "no NUL";
  EXPECT_EQ(query_text("SELECT 1\0; DROP\0"s), std::nullopt) << "what is behind a NUL is hidden";
}

TEST(FrontendMessages, AParseHasTwoStringsAndAListOfTypes) {
  const std::string body = body_of("Parse \"s\" \"SELECT $1\" 23 25");
  const auto message = parse_message(body);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->statement, "s");
  EXPECT_EQ(message->sql, "SELECT $1");
  EXPECT_EQ(message->parameter_types, "\0\2\0\0\0\x17\0\0\0\x19"s);
  EXPECT_EQ(parse_message("s\0SELECT"s), std::nullopt);
  EXPECT_EQ(parse_message("s\0SELECT\0\0"s), std::nullopt) << "the count of types is cut";
}

TEST(FrontendMessages, ABindsNamesAreReadFromItsStart) {
  const std::string body = body_of("Bind \"portal\" \"s\" \"value\"");
  for (std::size_t size = 9; size <= body.size(); ++size) {
    const auto names = bind_names(std::string_view(body).substr(0, size));
    ASSERT_TRUE(names.has_value()) << size;
    EXPECT_EQ(names->portal, "portal");
    EXPECT_EQ(names->statement, "s");
    EXPECT_EQ(names->size, 9U);
  }
  EXPECT_EQ(bind_names("portal\0s"s), std::nullopt);
}

TEST(FrontendMessages, ExecuteDescribeAndCloseAreExact) {
  const auto execute = execute_message(body_of("Execute \"p\" 7"));
  EXPECT_EQ(execute->row_limit, 7U);
  EXPECT_EQ(execute_message(body_of("Execute \"p\" 7") + "x"), std::nullopt);
  EXPECT_EQ(execute_message("p\0\0\0"s), std::nullopt);
  const std::string close = body_of("Close P \"p\"");
  EXPECT_EQ(named_object(close)->kind, 'P');
  EXPECT_EQ(named_object(close)->name, "p");
  EXPECT_EQ(named_object(""), std::nullopt);
  EXPECT_EQ(named_object("Sp"), std::nullopt);
  EXPECT_EQ(named_object("Sp\0x"s), std::nullopt);
}

TEST(FrontendMessages, WhatIsMadeIsWhatTheManualSays) {
  EXPECT_EQ(make_query("SELECT 1"), bytes_of("Query \"SELECT 1\""));
  EXPECT_EQ(make_parse("s", "SELECT $1", "\0\1\0\0\0\x17"s),
            bytes_of("Parse \"s\" \"SELECT $1\" 23"));
  EXPECT_EQ(make_close_statement("s"), bytes_of("Close S \"s\""));
  EXPECT_EQ(make_close_portal("p"), bytes_of("Close P \"p\""));
  EXPECT_EQ(make_describe_portal("p"), bytes_of("Describe P \"p\""));
  EXPECT_EQ(make_bind_without_values("p", "s"), bytes_of("Bind \"p\" \"s\""));
  EXPECT_EQ(make_execute("p"), bytes_of("Execute \"p\" 0"));
  EXPECT_EQ(make_sync(), bytes_of("Sync"));
}

TEST(FrontendMessages, ARedirectedBindKeepsEverythingBehindItsNames) {
  for (const char* line :
       {"Bind \"portal\" \"s\" \"value\" NULL formats=1 results=0,1", "Bind \"\" \"\"",
        "Bind \"\" \"a longer name than the new one\" \"v\""}) {
    const std::string original = bytes_of(line);
    const std::string body = original.substr(5);
    const auto names = bind_names(body);
    ASSERT_TRUE(names.has_value());
    const std::string redirected =
        make_bind_start("p", "__new", static_cast<std::uint32_t>(body.size()), *names) +
        body.substr(names->size);
    std::string expected = line;
    expected = "Bind \"p\" \"__new\"" +
               expected.substr(expected.find('"', expected.find("\" \"") + 3) + 1);
    EXPECT_EQ(redirected, bytes_of(expected.c_str()));
  }
}

TEST(NullParameters, AreReadAsFarAsTheBodyGoes) {
  using namespace std::string_literals;
  const std::string body = "p\0s\0"s + "\0\2\0\1\0\0"s + "\0\3"s + "\xff\xff\xff\xff"s +
                           "\0\0\0\2ab"s + "\xff\xff\xff\xff"s + "\0\0"s;
  EXPECT_EQ(null_parameters(body), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(null_parameters(body.substr(0, 21)), (std::vector<bool>{true, false}));
  EXPECT_EQ(null_parameters(body.substr(0, 5)), std::vector<bool>());
  EXPECT_EQ(null_parameters(""), std::vector<bool>());
}

TEST(ParameterTypes, AreReadAsFarAsTheyGo) {
  using namespace std::string_literals;
  EXPECT_EQ(parameter_types("\0\2\0\0\0\x17\0\0\4\x13"s), (std::vector<std::uint32_t>{23, 1043}));
  EXPECT_EQ(parameter_types("\0\2\0\0\0\x17"s), (std::vector<std::uint32_t>{23}));
  EXPECT_EQ(parameter_types("\0\0"s), std::vector<std::uint32_t>());
}

}  // namespace
}  // namespace pgconcord::wire
