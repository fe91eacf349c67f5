"""Smoke tests of other drivers under a policy: each has its own way to speak the protocol."""

import asyncio

import asyncpg
import psycopg
import psycopg2
import psycopg2.extras
import pytest

USERS = """
CREATE TABLE users (id serial PRIMARY KEY, email text CONSTRAINT users_email_key UNIQUE, name text);
INSERT INTO users (email, name) VALUES ('a', 'first');
"""


def policy(action, apply="auto"):
    return f"- {{name: p, table: public.users, constraint: users_email_key, action: {action}, apply: {apply}}}\n"


APPLY = pytest.mark.parametrize("apply", ["auto", "on_violation", "up_front"])


@APPLY
def test_asyncpg(apply, proxy, direct, database):
    direct.execute(USERS)
    port = proxy(policy("return_existing", apply)).port

    async def scenario():
        connection = await asyncpg.connect(host="127.0.0.1", port=port, user="app", database=database)
        try:
            insert = "INSERT INTO users (email, name) VALUES ($1, $2) RETURNING id"
            assert await connection.fetchval(insert, "a", "second") == 1
            assert await connection.fetchval(insert, "a", "third") == 1
            new = await connection.fetchval(insert, "b", "new")
            assert await connection.fetchrow(insert, "b", "again") == (new,)
            prepared = await connection.prepare(insert)
            assert await prepared.fetchval("a", "x") == 1
            if apply != "on_violation":
                async with connection.transaction():
                    assert await connection.fetchval(insert, "a", "in a block") == 1
                await connection.executemany("INSERT INTO users (email) VALUES ($1)", [("c",), ("a",), ("d",)])
            await connection.copy_records_to_table("users", records=[(50, "copied", "x")])
            return await connection.fetch("SELECT name FROM users WHERE email IN ('a', 'copied') ORDER BY id")
        finally:
            await connection.close()

    assert [row["name"] for row in asyncio.run(scenario())] == ["first", "x"]


@APPLY
def test_psycopg2(apply, proxy, direct, database):
    direct.execute(USERS)
    connection = psycopg2.connect(
        host="127.0.0.1", port=proxy(policy("do_nothing", apply)).port, user="app", dbname=database
    )
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO users (email) VALUES (%s)", ("a",))
            assert cursor.rowcount == 0
            if apply != "on_violation":
                psycopg2.extras.execute_values(cursor, "INSERT INTO users (email) VALUES %s", [("a",), ("b",), ("c",)])
                assert cursor.rowcount == 2
                psycopg2.extras.execute_batch(cursor, "INSERT INTO users (email) VALUES (%s)", [("a",), ("d",)])
        if apply != "on_violation":
            connection.autocommit = False
            with connection, connection.cursor() as cursor:
                cursor.execute("INSERT INTO users (email) VALUES (%s)", ("a",))
                assert cursor.rowcount == 0
    finally:
        connection.close()
    expected = ["a"] if apply == "on_violation" else ["a", "b", "c", "d"]
    assert [row[0] for row in direct.execute("SELECT email FROM users ORDER BY id")] == expected


@APPLY
def test_psycopg_async_in_parallel(apply, proxy, direct, database):
    direct.execute(USERS)
    port = proxy(policy("return_existing", apply)).port

    async def client(number):
        connection = await psycopg.AsyncConnection.connect(
            host="127.0.0.1", port=port, user="app", dbname=database, autocommit=True
        )
        async with connection:
            ids = []
            for key in range(20):
                cursor = await connection.execute(
                    "INSERT INTO users (email, name) VALUES (%s, %s) RETURNING id", (f"race-{key}", str(number))
                )
                ids.append((await cursor.fetchone())[0])
            return ids

    async def race():
        return await asyncio.gather(*(client(number) for number in range(8)))

    results = asyncio.run(race())
    assert all(ids == results[0] for ids in results)
    assert direct.execute("SELECT count(*) FROM users WHERE email LIKE 'race-%'").fetchone() == (20,)
