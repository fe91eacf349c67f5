#include "tests/support/message_text.h"

#include <gtest/gtest.h>

#include <string>

namespace pgconcord::test_support {
namespace {

using namespace std::string_literals;

std::string bytes_of(std::string_view line) {
  const auto bytes = message_bytes(line);
  EXPECT_TRUE(bytes.has_value()) << bytes.error();
  return bytes.value_or("");
}

// The bytes stand in the PostgreSQL manual, "Message Formats".
TEST(MessageText, WritesTheBytesOfTheManual) {
  EXPECT_EQ(bytes_of("Query \"SELECT 1\""), "Q\0\0\0\rSELECT 1\0"s);
  EXPECT_EQ(bytes_of("Sync"), "S\0\0\0\4"s);
  EXPECT_EQ(bytes_of("Parse \"s\" \"q\" 23"), "P\0\0\0\016s\0q\0\0\1\0\0\0\x17"s);
  EXPECT_EQ(bytes_of("Bind \"p\" \"s\" \"v\" NULL"),
            "B\0\0\0\027p\0s\0\0\0\0\2\0\0\0\1v\xff\xff\xff\xff\0\0"s);
  EXPECT_EQ(bytes_of("Bind \"\" \"\" \"v\" formats=1 results=0,1"),
            "B\0\0\0\027\0\0\0\1\0\1\0\1\0\0\0\1v\0\2\0\0\0\1"s);
  EXPECT_EQ(bytes_of("Execute \"\" 7"), "E\0\0\0\t\0\0\0\0\7"s);
  EXPECT_EQ(bytes_of("Close S \"x\""), "C\0\0\0\7Sx\0"s);
  EXPECT_EQ(bytes_of("StartupMessage user=app"), "\0\0\0\022\0\3\0\0user\0app\0\0"s);
  EXPECT_EQ(bytes_of("SSLRequest"), "\0\0\0\010\4\xd2\x16\x2f"s);
  EXPECT_EQ(bytes_of("GSSENCRequest"), "\0\0\0\010\4\xd2\x16\x30"s);
  EXPECT_EQ(bytes_of("CancelRequest 42 7"), "\0\0\0\020\4\xd2\x16\x2e\0\0\0\x2a\0\0\0\7"s);
  EXPECT_EQ(bytes_of("DataRow \"1\" NULL"), "D\0\0\0\017\0\2\0\0\0\1\x31\xff\xff\xff\xff"s);
  EXPECT_EQ(bytes_of("ErrorResponse C=23505 M=\"a b\""), "E\0\0\0\021C23505\0Ma b\0\0"s);
  EXPECT_EQ(bytes_of("CopyInResponse 2"), "G\0\0\0\013\0\0\2\0\0\0\0"s);
  EXPECT_EQ(bytes_of("Header Q 1073741824"), "Q\x40\0\0\0"s);
  EXPECT_EQ(bytes_of("Raw \"\\x00\\xffz\""), "\0\xffz"s);
}

TEST(MessageText, JoinsAndRepeatsStrings) {
  EXPECT_EQ(bytes_of("Raw \"ab\"*2\"c\""), "ababc");
  EXPECT_EQ(bytes_of("Raw \"\\n\\t\\r\\0\\\"\\\\\""), "\n\t\r\0\"\\"s);
}

TEST(MessageText, SaysWhatIsWrongWithALine) {
  EXPECT_EQ(message_bytes("Qery \"x\"").error(), "no message is called Qery");
  EXPECT_EQ(message_bytes("Query").error(), "Query: missing text");
  EXPECT_EQ(message_bytes("Sync 1").error(), "Sync: too many words");
  EXPECT_EQ(message_bytes("Execute \"\" many").error(), "Execute: row limit is not a number: many");
  EXPECT_EQ(message_bytes("Query \"open").error(), "cannot read the line: Query \"open");
}

TEST(MessageText, ReadsBackWhatItWroteForTheClient) {
  for (const std::string line :
       {"Query \"SELECT 'a\\n'\"", "Parse \"s\" \"INSERT\" 23 25", "Parse \"\" \"\"",
        "Bind \"\" \"s\" \"v\" NULL formats=0,1 results=1", "Describe P \"\"", "Execute \"p\" 3",
        "Close S \"x\"", "Sync", "Flush", "Terminate", "FunctionCall 9 \"a\" NULL",
        "CopyData \"1\\x09a\\n\"", "CopyDone", "CopyFail \"no\"", "SASLResponse \"n,,\""}) {
    EXPECT_EQ(message_lines(Side::Client, bytes_of(line)), line + '\n');
  }
}

TEST(MessageText, ReadsBackWhatItWroteForTheServer) {
  for (const std::string line : {"AuthenticationOk",
                                 "AuthenticationMD5Password \"salt\"",
                                 "AuthenticationSASL \"SCRAM-SHA-256-PLUS\" \"SCRAM-SHA-256\"",
                                 "ParameterStatus \"a\" \"b\"",
                                 "BackendKeyData 42 \"\\x00\\x00\\x00\\x07\"",
                                 "ReadyForQuery T",
                                 "RowDescription \"id\" \"n\"",
                                 "DataRow \"1\" NULL",
                                 "CommandComplete \"INSERT 0 1\"",
                                 "ErrorResponse S=\"ERROR\" C=\"23505\"",
                                 "NoticeResponse M=\"x\"",
                                 "ParseComplete",
                                 "BindComplete",
                                 "CloseComplete",
                                 "NoData",
                                 "ParameterDescription 23 25",
                                 "PortalSuspended",
                                 "EmptyQueryResponse",
                                 "CopyInResponse 2",
                                 "CopyOutResponse 1",
                                 "CopyBothResponse 0",
                                 "FunctionCallResponse NULL",
                                 "NotificationResponse 7 \"channel\" \"payload\"",
                                 "CopyData \"x\"",
                                 "CopyDone",
                                 "NegotiateProtocolVersion 0 \"_pq_.x\""}) {
    EXPECT_EQ(message_lines(Side::Server, bytes_of(line)), line + '\n');
  }
}

TEST(MessageText, ReadsStartupPacketsWhereTheyStand) {
  const std::string bytes = bytes_of("StartupMessage 3.2 user=app") + bytes_of("Sync");
  EXPECT_EQ(message_lines(Side::Client, bytes, Start::Untyped),
            "StartupMessage 3.2 user=\"app\"\nSync\n");
}

TEST(MessageText, GivesRawBytesForWhatIsNoMessage) {
  EXPECT_EQ(message_lines(Side::Client, "Q\0\0"s), "Raw \"Q\\x00\\x00\"\n");
  EXPECT_EQ(message_lines(Side::Client, "Q\0\0\0\1"s), "Raw \"Q\\x00\\x00\\x00\\x01\"\n");
  // Without its NUL the text of a Query cannot be told by a line.
  EXPECT_EQ(message_lines(Side::Client, "Q\0\0\0\5x"s), "Raw \"Q\\x00\\x00\\x00\\x05x\"\n");
}

}  // namespace
}  // namespace pgconcord::test_support
