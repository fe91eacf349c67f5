#include "parser/command.h"

#include <gtest/gtest.h>

#include <utility>

namespace pgconcord::parser {
namespace {

TEST(Command, IsToldByTheFirstKeyword) {
  const std::pair<const char*, Command> cases[] = {
      {"", Command::Empty},
      {" \n\t;; -- c\n /* a /* b */ */", Command::Empty},
      {"SELECT 1", Command::Select},
      {"values (1)", Command::Select},
      {"table t", Command::Select},
      {"((select 1))", Command::Select},
      {"(values (1))", Command::Select},
      {"(WITH x AS (insert into t values (1)) SELECT 1)", Command::With},
      {"(insert into t values (1))", Command::Other},
      {"/* x */ ; -- y\n InSeRt INTO t VALUES (1)", Command::Insert},
      {"insert", Command::Insert},
      {"inserted", Command::Other},
      {"\"insert\"", Command::Other},
      {"update t set a=1", Command::Update},
      {"delete from t", Command::Delete},
      {"merge into t", Command::Merge},
      {"copy t from stdin", Command::Copy},
      {"with x as (select 1) insert into t select 1", Command::With},
      {"begin", Command::Begin},
      {"START TRANSACTION", Command::Begin},
      {"commit", Command::Commit},
      {"END", Command::Commit},
      {"prepare transaction 'x'", Command::Commit},
      {"prepare transaction as select 1", Command::Prepare},
      {"prepare p as select 1", Command::Prepare},
      {"rollback", Command::Rollback},
      {"ABORT", Command::Rollback},
      {"rollback and chain", Command::Rollback},
      {"rollback to s", Command::RollbackTo},
      {"rollback /* */ work to savepoint s", Command::RollbackTo},
      {"ROLLBACK TRANSACTION TO s", Command::RollbackTo},
      {"rollback work", Command::Rollback},
      {"savepoint a", Command::Savepoint},
      {"release a", Command::Release},
      {"set a = 1", Command::Set},
      {"set local a = 1", Command::Set},
      {"SET CONSTRAINTS ALL DEFERRED", Command::SetConstraints},
      {"reset all", Command::Reset},
      {"discard all", Command::Discard},
      {"deallocate p", Command::Deallocate},
      {"execute p(1)", Command::Execute},
      {"create table t ()", Command::Ddl},
      {"truncate t", Command::Ddl},
      {"refresh materialized view v", Command::Ddl},
      {"grant all on t to u", Command::Ddl},
      {"explain insert into t values (1)", Command::Other},
      {"do $$ begin end $$", Command::Other},
      {"1", Command::Other},
      {"/* unterminated", Command::Other},
  };
  for (const auto& [sql, command] : cases) EXPECT_EQ(leading_command(sql), command) << sql;
}

}  // namespace
}  // namespace pgconcord::parser
