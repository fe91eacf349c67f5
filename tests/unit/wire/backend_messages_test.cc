#include "proxy/wire/backend_messages.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/message_text.h"

namespace pgconcord::wire {
namespace {

using namespace std::string_literals;

std::string bytes_of(const std::string& line) { return test_support::message_bytes(line).value(); }
std::string body_of(const std::string& line) { return bytes_of(line).substr(5); }

TEST(ErrorResponse, EveryFieldIsFoundByItsLetter) {
  const std::string body = body_of(
      "ErrorResponse S=FEHLER V=ERROR C=23505 M=m D=d H=h P=12 W=w s=public t=users c=email d=dom "
      "n=users_email_key F=f L=1 R=_bt_check_unique Y=unknown");
  const ErrorResponse error = error_response(body);
  EXPECT_EQ(error.severity, "ERROR") << "V, which is not localised";
  EXPECT_EQ(error.sqlstate, "23505");
  EXPECT_EQ(error.schema, "public");
  EXPECT_EQ(error.table, "users");
  EXPECT_EQ(error.column, "email");
  EXPECT_EQ(error.datatype, "dom");
  EXPECT_EQ(error.constraint, "users_email_key");
  EXPECT_EQ(error.where, "w");
  EXPECT_EQ(error.routine, "_bt_check_unique");
  EXPECT_EQ(error.position, 12U);
  EXPECT_FALSE(error.fatal());
}

TEST(ErrorResponse, AnyFieldMayBeMissing) {
  for (const std::string& body : {""s, "\0"s, "S"s, "SERROR"s, "\0\0\0"s, "C\0"s}) {
    const ErrorResponse error = error_response(body);
    EXPECT_EQ(error.sqlstate, "");
    EXPECT_EQ(error.position, 0U);
    EXPECT_FALSE(error.fatal());
  }
}

TEST(ErrorResponse, AFieldCutShortIsNotBelieved) {
  EXPECT_EQ(error_response("C23505\0nusers_ema"s).constraint, "");
  EXPECT_EQ(error_response("C23505\0nusers_ema"s).sqlstate, "23505");
}

TEST(ErrorResponse, SeverityIsTheOldFieldWhereTheNewOneIsMissing) {
  EXPECT_TRUE(error_response(body_of("ErrorResponse S=FATAL C=57P01")).fatal());
  EXPECT_TRUE(error_response(body_of("ErrorResponse S=FATAL V=PANIC")).fatal());
  EXPECT_FALSE(error_response(body_of("ErrorResponse S=FATAL V=ERROR")).fatal());
  EXPECT_FALSE(error_response(body_of("ErrorResponse V=ERROR S=FATAL")).fatal());
}

TEST(ErrorResponse, APositionThatIsNoNumberIsNone) {
  EXPECT_EQ(error_response(body_of("ErrorResponse P=x")).position, 0U);
  EXPECT_EQ(error_response(body_of("ErrorResponse P=99999999999999")).position, 0U);
}

TEST(CommandTag, TheLastNumberIsTheRowCount) {
  const auto expect = [](const std::string& tag, std::string_view command, std::uint64_t rows) {
    const std::string body = tag + '\0';
    EXPECT_EQ(command_tag(body).command, command) << tag;
    EXPECT_EQ(command_tag(body).rows, rows) << tag;
    EXPECT_TRUE(command_tag(body).has_rows) << tag;
  };
  expect("INSERT 0 3", "INSERT", 3);
  expect("UPDATE 12", "UPDATE", 12);
  expect("SELECT 18446744073709551615", "SELECT", 18446744073709551615U);
  expect("COPY 5", "COPY", 5);
}

TEST(CommandTag, ATagWithoutNumberHasNoRows) {
  for (const char* tag : {"BEGIN", "CREATE TABLE", "", "SELECT 99999999999999999999999"}) {
    EXPECT_FALSE(command_tag(std::string(tag) + '\0').has_rows) << tag;
  }
  EXPECT_EQ(command_tag("CREATE TABLE\0"s).command, "CREATE TABLE");
  EXPECT_EQ(command_tag("7\0"s).command, "7") << "a tag that is only a number is odd, not fatal";
}

TEST(ParameterStatus, HasANameAndAValue) {
  const std::string body = body_of("ParameterStatus \"search_path\" \"a, b\"");
  const auto status = parameter_status(body);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->name, "search_path");
  EXPECT_EQ(status->value, "a, b");
  EXPECT_FALSE(parameter_status("name\0value"s).has_value());
}

TEST(Fatal, HasBothSeveritiesAndLeavesOutWhatIsEmpty) {
  EXPECT_EQ(make_fatal({"57P03", "gone", "", "come back"}),
            bytes_of("ErrorResponse S=FATAL V=FATAL C=57P03 M=gone H=\"come back\""));
}

TEST(Position, IsReplacedAndEveryOtherFieldKept) {
  const std::string raw = bytes_of("ErrorResponse S=ERROR V=ERROR C=42703 M=m P=120 Y=unknown R=r");
  EXPECT_EQ(with_position(raw, 7),
            bytes_of("ErrorResponse S=ERROR V=ERROR C=42703 M=m P=7 Y=unknown R=r"));
  EXPECT_EQ(with_position(raw, 0),
            bytes_of("ErrorResponse S=ERROR V=ERROR C=42703 M=m Y=unknown R=r"));
}

TEST(Hint, StandsBehindTheServersOwn) {
  EXPECT_EQ(with_hint(bytes_of("ErrorResponse S=ERROR C=42P10 M=m R=r"), "ours"),
            bytes_of("ErrorResponse S=ERROR C=42P10 M=m R=r H=ours"));
  EXPECT_EQ(with_hint(bytes_of("ErrorResponse S=ERROR C=42P10 M=m H=\"the server's\" R=r"), "ours"),
            bytes_of("ErrorResponse S=ERROR C=42P10 M=m H=\"the server's\\nours\" R=r"));
}

TEST(NegotiateProtocolVersion, IsReadAsItIsWritten) {
  const std::string body = body_of("NegotiateProtocolVersion 196610 \"_pq_.a\" \"_pq_.b\"");
  const auto read = negotiate_protocol_version(body);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->version, 196610U);
  EXPECT_EQ(read->extensions, (std::vector<std::string_view>{"_pq_.a", "_pq_.b"}));
  EXPECT_EQ(make_negotiate_protocol_version({196610, {"_pq_.a"}}),
            bytes_of("NegotiateProtocolVersion 196610 \"_pq_.a\""));
}

TEST(NegotiateProtocolVersion, WantsAsManyNamesAsItSays) {
  EXPECT_FALSE(negotiate_protocol_version("\0\3\0\2\0\0\0\1"s).has_value());
  EXPECT_FALSE(negotiate_protocol_version("\0\3\0\2\0\0\0\0x\0"s).has_value());
  EXPECT_FALSE(negotiate_protocol_version("\0\3\0\2\xFF\xFF\xFF\xFFx\0"s).has_value());
  EXPECT_FALSE(negotiate_protocol_version("\0\3"s).has_value());
}

TEST(SaslMechanism, IsTakenOutOfTheList) {
  EXPECT_EQ(
      without_sasl_mechanism(body_of("AuthenticationSASL \"SCRAM-SHA-256-PLUS\" \"SCRAM-SHA-256\""),
                             "SCRAM-SHA-256-PLUS"),
      bytes_of("AuthenticationSASL \"SCRAM-SHA-256\""));
  EXPECT_EQ(
      without_sasl_mechanism(body_of("AuthenticationSASL \"SCRAM-SHA-256\" \"SCRAM-SHA-256-PLUS\""),
                             "SCRAM-SHA-256-PLUS"),
      bytes_of("AuthenticationSASL \"SCRAM-SHA-256\""));
}

TEST(SaslMechanism, ThatIsNotThereChangesNothing) {
  EXPECT_EQ(
      without_sasl_mechanism(body_of("AuthenticationSASL \"SCRAM-SHA-256\""), "SCRAM-SHA-256-PLUS"),
      "");
  EXPECT_EQ(without_sasl_mechanism(body_of("AuthenticationOk"), "SCRAM-SHA-256-PLUS"), "");
  EXPECT_EQ(without_sasl_mechanism("\0\0\0\x0aSCRAM-SHA-256-PLUS"s, "SCRAM-SHA-256-PLUS"), "")
      << "a list without its end";
  EXPECT_EQ(without_sasl_mechanism("", "SCRAM-SHA-256-PLUS"), "");
}

TEST(FirstColumn, IsAValueOrNothing) {
  EXPECT_EQ(first_column(body_of("DataRow \"one\" \"two\"")), "one");
  EXPECT_EQ(first_column(body_of("DataRow \"\"")), "");
  EXPECT_EQ(first_column(body_of("DataRow NULL \"two\"")), std::nullopt);
  EXPECT_EQ(first_column(body_of("DataRow")), std::nullopt);
  EXPECT_EQ(first_column("\0\1\0\0\0\5abc"s), std::nullopt) << "longer than the message";
  EXPECT_EQ(first_column("\0\1\0\0"s), std::nullopt);
  EXPECT_EQ(first_column(""), std::nullopt);
}

}  // namespace
}  // namespace pgconcord::wire
