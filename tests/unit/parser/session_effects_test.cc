#include "parser/session_effects.h"

#include <gtest/gtest.h>

#include <string>

namespace pgconcord::parser {
namespace {

TEST(SessionEffects, AreFearedOfCommandsThatChangeTheSession) {
  for (const char* sql :
       {"set search_path to a", "SET LOCAL role x", "reset all", "discard temp",
        "create temp table t ()", "drop table t", "do $$ begin end $$", "call p()", "rollback",
        "ROLLBACK TO s", "abort", "execute p", "explain analyze select 1", "fetch 1 from c",
        "bogus", "select 1; select 2", "select * into t2 from t", "select * into temp t2 from t",
        "select 'open"}) {
    EXPECT_TRUE(may_change_name_resolution(sql)) << sql;
  }
}

TEST(SessionEffects, AreFearedOfUnknownFunctions) {
  for (const char* sql : {"select set_config('search_path', 'x', false)",
                          "SELECT Set_Config ('a', 'b', true)",
                          "select pg_catalog.set_config('a','b',true)",
                          "select my_function()",
                          "select s.lower('x')",
                          "select \"Lower\"('x')",
                          "select db.pg_catalog.f(1)",
                          "insert into t values (f(1))",
                          "insert into t (a) values (1) returning f(a)",
                          "insert into t (a) select f(a) from t",
                          "update t set a = f(1)",
                          "delete from t where f(a)",
                          "with x as (select f(1)) select 1",
                          "with x as (select 1), y (a) as (select 2) select f(1)",
                          "select distinct on (a) f(b) from t",
                          "select 1 operator(pg_catalog.+) f(1)",
                          "copy (select f(1)) to stdout",
                          "copy t from stdin where f(a)",
                          "select * from f(1)",
                          "select * from t, lateral f(a)",
                          "select a as b, f(1)",
                          "select U&\"f\"(1)",
                          "select a::int, f(2)",
                          "select x.f(1) from x",
                          "select \"insert\"(1)",
                          "select a.set(1) from a"}) {
    EXPECT_TRUE(may_change_name_resolution(sql)) << sql;
  }
}

TEST(SessionEffects, AreNotFearedOfOrdinaryWork) {
  for (const char* sql :
       {"",
        "-- nothing",
        "begin",
        "commit",
        "savepoint a",
        "release a",
        "set constraints all deferred",
        "prepare p as select f(1)",
        "deallocate p",
        "show search_path",
        "listen x",
        "select 1;",
        ";select 1; ;",
        "table t",
        "values (1)",
        "select count(*), max(a), coalesce(b, 1), pg_catalog.now(), NOW(), \"lower\"('X') from t",
        "select a from t where a in (1, 2) and (b or not (c)) and exists (select 1) and d = any "
        "(array[1]) order by (a) limit (1)",
        "insert into t (a, b) values (1, nextval('s'))",
        "INSERT INTO \"S\".\"T\" (\"a\") VALUES ('f(1)') RETURNING \"T\".\"id\"",
        "insert into t as x (a) values (1) on conflict (a) do update set (a) = row(1) returning *",
        "insert into s.t(a) select a from u",
        "update t set (a, b) = (1, 2) where c is null",
        "delete from t using u where (a)",
        "with x (a) as (select 1), y(b) as (values (1)) select * from x join y on (a = b)",
        "with recursive x(a) as (select 1 union all (select 2)) insert into t (a) select * from x",
        "select * from (values (1, 2)) as v(a, b)",
        "select * from json_to_record('{}') as x(a int)",
        "select a::varchar(10), cast(b as numeric(10, 2)), c::my_type(3), d::s.my_type(4) from t",
        "select sum(a) filter (where b) over (partition by (c)), rank() over w from t window w as "
        "(order by a)",
        "select percentile_cont(0.5) within group (order by a) from t group by rollup (a), "
        "grouping sets ((a), ())",
        "copy t (a, b) from stdin with (format csv, force_null (a))",
        "copy s.t(a) to stdout",
        "copy (select 1) to stdout",
        "merge into t using s on (t.a = s.a) when not matched then insert (a) values (1)",
        "select f from t",
        "select a.b from a"}) {
    EXPECT_FALSE(may_change_name_resolution(sql)) << sql;
  }
}

}  // namespace
}  // namespace pgconcord::parser
