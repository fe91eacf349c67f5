#include "proxy/console/dialogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/message_text.h"

namespace pgconcord::console {
namespace {

using test_support::message_bytes;
using test_support::message_lines;
using test_support::Side;
using testing::HasSubstr;

// A client that writes messages as lines and reads lines.
class DialogueTest : public testing::Test {
 protected:
  std::string says(std::initializer_list<const char*> lines) {
    for (const char* line : lines) {
      const auto bytes = message_bytes(line);
      EXPECT_TRUE(bytes.has_value()) << bytes.error();
      if (!bytes) continue;
      dialogue_.client_message((*bytes)[0], std::string_view(*bytes).substr(5));
    }
    return heard();
  }
  std::string heard() { return message_lines(Side::Server, dialogue_.take_output()); }
  std::string version_comes() {
    dialogue_.answered(Rows{{std::string("1"), std::string("r"), std::string("gcc"), Value()}});
    return heard();
  }

  Dialogue dialogue_{Identity{"pgconcord", "ops", "psql", "0.1.0", 42}};
};

TEST_F(DialogueTest, TheGreetingIsWhatDriversReadTheServerBy) {
  const std::string greeting = message_lines(Side::Server, dialogue_.greeting());
  for (const char* line :
       {"\"server_version\" \"15.0 (pgconcord 0.1.0)\"", "\"client_encoding\" \"UTF8\"",
        "\"integer_datetimes\" \"on\"", "\"standard_conforming_strings\" \"on\"",
        "\"DateStyle\" \"ISO, MDY\"", "\"session_authorization\" \"ops\"",
        "\"in_hot_standby\" \"off\"", "\"application_name\" \"psql\""}) {
    EXPECT_THAT(greeting, HasSubstr(line));
  }
}

TEST_F(DialogueTest, AQueryThatAsksWaitsForItsAnswer) {
  EXPECT_EQ(says({R"(Query "SHOW VERSION")"}), "");
  EXPECT_TRUE(dialogue_.waits());
  EXPECT_FALSE(dialogue_.idle());
  EXPECT_EQ(dialogue_.take_question().topic, Topic::Version);
  const std::string answer = version_comes();
  EXPECT_THAT(answer, HasSubstr("DataRow \"1\" \"r\" \"gcc\" NULL"));
  EXPECT_THAT(answer, HasSubstr("CommandComplete \"SHOW\"\nReadyForQuery I"));
  EXPECT_TRUE(dialogue_.idle());
}

TEST_F(DialogueTest, AnAnswerMayBeARefusal) {
  says({R"(Query "RELOAD")"});
  dialogue_.answered(tl::unexpected(Refusal{"F0000", "it has errors", "a.yaml:3: bad", "see"}));
  EXPECT_THAT(heard(), HasSubstr("C=\"F0000\""));
  EXPECT_TRUE(dialogue_.idle());
}

TEST_F(DialogueTest, SeveralStatementsOfAQueryGoOnBehindEachAnswer) {
  EXPECT_THAT(says({R"(Query "SELECT 1; SHOW VERSION; SELECT 2")"}),
              HasSubstr("CommandComplete \"SELECT 1\""));
  const std::string rest = version_comes();
  EXPECT_THAT(rest, HasSubstr("CommandComplete \"SHOW\""));
  EXPECT_THAT(rest, HasSubstr("DataRow \"2\"\nCommandComplete \"SELECT 1\"\nReadyForQuery I"));
}

TEST_F(DialogueTest, NothingIsRunWhenOneStatementCannotBeRead) {
  const std::string heard = says({R"(Query "RELOAD; DROP TABLE t")"});
  EXPECT_THAT(heard, HasSubstr("C=\"42601\""));
  EXPECT_THAT(heard, HasSubstr("SHOW HELP"));
  EXPECT_FALSE(dialogue_.waits());
}

TEST_F(DialogueTest, EmptyQueriesAreAnswered) {
  EXPECT_EQ(says({R"(Query "")"}), "EmptyQueryResponse\nReadyForQuery I\n");
  EXPECT_EQ(says({R"(Query ";")"}), "EmptyQueryResponse\nReadyForQuery I\n");
  EXPECT_EQ(says({R"(Query "-- ping")"}), "EmptyQueryResponse\nReadyForQuery I\n");
  EXPECT_EQ(
      says({R"(Parse "" "")", R"(Describe S "")", R"(Bind "" "")", R"(Execute "" 0)", "Sync"}),
      "ParseComplete\nParameterDescription\nNoData\nBindComplete\nEmptyQueryResponse\n"
      "ReadyForQuery I\n");
}

TEST_F(DialogueTest, AnExtendedQueryIsDescribedBeforeAnythingIsAsked) {
  const std::string heard = says(
      {R"(Parse "s" "SHOW VERSION")", R"(Describe S "s")", R"(Bind "" "s")", R"(Describe P "")"});
  EXPECT_THAT(heard, HasSubstr("RowDescription"));
  EXPECT_FALSE(dialogue_.waits());
  EXPECT_EQ(says({R"(Execute "" 0)"}), "");
  EXPECT_TRUE(dialogue_.waits());
  EXPECT_THAT(version_comes(), HasSubstr("CommandComplete \"SHOW\""));
  EXPECT_EQ(says({"Sync"}), "ReadyForQuery I\n");
}

TEST_F(DialogueTest, RowsAreFetchedInParts) {
  says({R"(Parse "" "SHOW HELP")", R"(Bind "p" "")"});
  EXPECT_THAT(says({R"(Execute "p" 2)"}), HasSubstr("PortalSuspended"));
  EXPECT_THAT(says({R"(Execute "p" 5)"}), HasSubstr("PortalSuspended"));
  const std::string rest = says({R"(Execute "p" 0)"});
  EXPECT_THAT(rest, HasSubstr("CommandComplete \"SHOW\""));
  EXPECT_THAT(rest, testing::Not(HasSubstr("SHOW VIOLATIONS")));
}

TEST_F(DialogueTest, AnErrorSkipsToTheSync) {
  const std::string heard =
      says({R"(Parse "" "DROP TABLE t")", R"(Bind "" "")", R"(Query "SELECT 1")", "Sync"});
  EXPECT_THAT(heard, HasSubstr("C=\"42601\""));
  EXPECT_THAT(heard, testing::EndsWith("ReadyForQuery I\n"));
  EXPECT_THAT(heard, testing::Not(HasSubstr("BindComplete")));
  EXPECT_THAT(heard, testing::Not(HasSubstr("DataRow")));
}

TEST_F(DialogueTest, AFailedBlockTakesOnlyItsEnd) {
  EXPECT_THAT(says({R"(Query "BEGIN")"}), HasSubstr("ReadyForQuery T"));
  EXPECT_FALSE(dialogue_.idle());
  EXPECT_THAT(says({R"(Query "nonsense")"}), HasSubstr("ReadyForQuery E"));
  EXPECT_THAT(says({R"(Query "SELECT 1")"}), HasSubstr("C=\"25P02\""));
  EXPECT_THAT(says({R"(Parse "" "SELECT 1")", "Sync"}), HasSubstr("C=\"25P02\""));
  EXPECT_THAT(says({R"(Query "ROLLBACK TO a")"}), HasSubstr("ReadyForQuery T"));
  says({R"(Query "nonsense")"});
  EXPECT_THAT(says({R"(Query "COMMIT")"}),
              HasSubstr("CommandComplete \"ROLLBACK\"\nReadyForQuery I"));
  EXPECT_THAT(says({R"(Query "ROLLBACK TO a")"}), HasSubstr("C=\"25P01\""));
}

TEST_F(DialogueTest, NamesAreKeptAsTheServerKeepsThem) {
  EXPECT_THAT(says({R"(Bind "" "s")", "Sync"}), HasSubstr("C=\"26000\""));
  EXPECT_THAT(says({R"(Execute "p" 0)", "Sync"}), HasSubstr("C=\"34000\""));
  EXPECT_THAT(says({R"(Describe P "p")", "Sync"}), HasSubstr("C=\"34000\""));
  EXPECT_EQ(says({R"(Close S "s")", "Sync"}), "CloseComplete\nReadyForQuery I\n");
  says({R"(Parse "s" "SELECT 1")", "Sync"});
  EXPECT_THAT(says({R"(Parse "s" "SELECT 1")", "Sync"}), HasSubstr("C=\"42P05\""));
  EXPECT_THAT(says({R"(Query "DEALLOCATE s")"}), HasSubstr("CommandComplete \"DEALLOCATE\""));
  EXPECT_THAT(says({R"(Query "DEALLOCATE s")"}), HasSubstr("C=\"26000\""));
  EXPECT_THAT(says({R"(Bind "" "s")", "Sync"}), HasSubstr("C=\"26000\""));
}

TEST_F(DialogueTest, PortalsEndWithTheTransaction) {
  says({R"(Parse "" "SHOW HELP")", R"(Bind "p" "")", "Sync"});
  EXPECT_THAT(says({R"(Execute "p" 0)", "Sync"}), HasSubstr("C=\"34000\""));
  says({R"(Query "BEGIN")", R"(Parse "" "SHOW HELP")", R"(Bind "p" "")", "Sync"});
  EXPECT_THAT(says({R"(Execute "p" 0)", "Sync"}), HasSubstr("CommandComplete"));
}

TEST_F(DialogueTest, ParametersAreRefused) {
  says({R"(Parse "" "SELECT 1")"});
  EXPECT_THAT(says({R"(Bind "" "" "value")", "Sync"}), HasSubstr("C=\"08P01\""));
}

TEST_F(DialogueTest, NamesAreBounded) {
  std::string heard;
  for (int i = 0; i < 150; ++i) {
    const std::string line = "Parse \"s" + std::to_string(i) + "\" \"SELECT 1\"";
    heard += says({line.c_str(), "Sync"});
  }
  EXPECT_THAT(heard, HasSubstr("C=\"54000\""));
  EXPECT_THAT(says({R"(Query "DEALLOCATE ALL")"}), HasSubstr("DEALLOCATE ALL"));
  EXPECT_THAT(says({R"(Parse "s" "SELECT 1")", "Sync"}), HasSubstr("ParseComplete"));
}

TEST_F(DialogueTest, DamagedMessagesAreErrorsNotEnds) {
  for (const char type : {'P', 'B', 'D', 'E', 'C'}) {
    for (const std::string_view body : {std::string_view(), std::string_view("x"),
                                        std::string_view("S"), std::string_view("\0\0\xFF", 3)}) {
      dialogue_.client_message(type, body);
      dialogue_.client_message('S', {});
      EXPECT_THAT(heard(), testing::EndsWith("ReadyForQuery I\n")) << type;
    }
  }
  dialogue_.client_message('Q', "no end");
  EXPECT_THAT(heard(), HasSubstr("C=\"08P01\""));
}

TEST_F(DialogueTest, OtherMessagesFindNothing) {
  EXPECT_EQ(says({"Flush", "CopyDone"}), "");
  dialogue_.client_message('F', "whatever");
  EXPECT_THAT(heard(), HasSubstr("C=\"0A000\""));
  EXPECT_FALSE(dialogue_.ended());
  says({"Terminate"});
  EXPECT_TRUE(dialogue_.ended());
}

}  // namespace
}  // namespace pgconcord::console
