#include "proxy/session/prepared_statements.h"

#include <gtest/gtest.h>

#include <string>

namespace pgconcord::session {
namespace {

using parser::Command;

StatementRef statement(std::string sql) {
  return std::make_shared<const ClientStatement>(
      ClientStatement{Command::Insert, false, false, std::move(sql), {}, {}});
}
std::string sql_of(const NamedStatements& statements, std::string_view name) {
  const StatementRef* found = statements.find(name);
  return found == nullptr ? "(unknown)" : (*found)->sql;
}

TEST(NamedStatements, NamesAreTheSameInTheirFirst63Bytes) {
  NamedStatements statements;
  const std::string name(63, 'A');
  statements.set(name + "x", statement("x"), 10);
  EXPECT_EQ(sql_of(statements, name + "y"), "x");
  statements.set(name + "y", statement("y"), 10);
  EXPECT_EQ(sql_of(statements, name + "x"), "y");
  EXPECT_EQ(sql_of(statements, std::string(62, 'A')), "(unknown)");
  statements.forget(name + "z");
  EXPECT_EQ(sql_of(statements, name + "x"), "(unknown)");
}

TEST(NamedStatements, TheUnnamedOneIsAnotherThanAnyNamedOne) {
  NamedStatements statements;
  EXPECT_EQ(sql_of(statements, ""), "(unknown)");
  statements.set("", statement("unnamed"), 0);
  statements.set("s", statement("named"), 10);
  statements.forget("");
  EXPECT_EQ(sql_of(statements, ""), "(unknown)");
  EXPECT_EQ(sql_of(statements, "s"), "named");
}

TEST(NamedStatements, NamesAboveTheLimitAreNotKnown) {
  NamedStatements statements;
  statements.set("a", statement("a"), 2);
  statements.set("b", statement("b"), 2);
  statements.set("c", statement("c"), 2);
  EXPECT_EQ(sql_of(statements, "c"), "(unknown)");
  statements.set("a", statement("a again"), 2);
  EXPECT_EQ(sql_of(statements, "a"), "a again") << "a known name takes no further room";
  statements.forget("b");
  statements.set("c", statement("c"), 2);
  EXPECT_EQ(sql_of(statements, "c"), "c");
}

TEST(NamedStatements, ForgettingWhatIsNotKnownIsNoError) {
  NamedStatements statements;
  statements.forget("");
  statements.forget("s");
  statements.clear();
  EXPECT_EQ(sql_of(statements, "s"), "(unknown)");
}

TEST(NamedStatements, AStatementOutlivesItsName) {
  NamedStatements statements;
  statements.set("s", statement("kept"), 10);
  const StatementRef portal = *statements.find("s");
  statements.clear();
  EXPECT_EQ(portal->sql, "kept");
}

TEST(PlainStatement, IsSharedPerCommand) {
  EXPECT_EQ(plain_statement(Command::Copy)->command, Command::Copy);
  EXPECT_EQ(plain_statement(Command::Other)->command, Command::Other);
  EXPECT_EQ(plain_statement(Command::Copy).get(), plain_statement(Command::Copy).get());
  EXPECT_TRUE(plain_statement(Command::Insert)->sql.empty());
}

TEST(NamedStatements, ANameThatIsNotKnownIsAnythingOnlyWhereNamesWereLost) {
  NamedStatements names;
  EXPECT_FALSE(names.meaning("a")->unseen);
  names.set("a", plain_statement(Command::Select), 1);
  names.set("b", plain_statement(Command::Copy), 1);  // one too many
  EXPECT_EQ(names.meaning("a")->command, Command::Select);
  EXPECT_TRUE(names.meaning("b")->unseen);
  EXPECT_EQ(names.meaning("b")->name, "b");
  names.clear();  // the server's are gone as well
  EXPECT_FALSE(names.meaning("b")->unseen);
  names.lose();
  EXPECT_TRUE(names.meaning("")->unseen);
}

}  // namespace
}  // namespace pgconcord::session
