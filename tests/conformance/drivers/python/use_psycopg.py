"""psycopg 3 in ordinary use, synchronous, asynchronous and in pipelines; prints what it saw, step by step."""

import asyncio
import threading
import time

import psycopg
from shared import FAILING, TYPES, digest, show, step


def failed(error):
    d = error.diag
    show(type(error).__name__, error.sqlstate, d.schema_name, d.table_name, d.column_name, d.constraint_name, d.message_detail,
         d.statement_position)  # fmt: skip


def failure(work, *arguments, **more):
    try:
        work(*arguments, **more)
        show("no error")
    except psycopg.Error as error:
        failed(error)


connection = psycopg.connect(autocommit=True)
for binary in (False, True):
    step(f"types and parameters, binary={binary}")
    show(connection.execute(TYPES, binary=binary).fetchone())
    for _ in range(7):  # prepared from the sixth time on
        show(connection.execute("SELECT %s::int + 1, %s::text, %s::bytea, %s::text[]", (41, "it's", b"\x00\xff", ["x", None]),
                                binary=binary).fetchone())  # fmt: skip

step("executemany")
with connection.cursor() as cursor:
    cursor.executemany(
        "INSERT INTO item (name, amount) VALUES (%s, %s) RETURNING name",
        [(f"m {n}", n) for n in range(300)],
        returning=True,
    )
    show(cursor.rowcount, cursor.fetchone())
    failure(cursor.executemany, "INSERT INTO item (name) VALUES (%s)", [("fine",), ("item 1",), ("behind it",)])

step("errors")
for sql in FAILING:
    failure(connection.execute, sql)
    failure(connection.execute, sql, prepare=True)
failure(connection.execute, "INSERT INTO item (name) VALUES (%s)", ("item 2",))

step("pipeline")
with connection.pipeline() as pipeline:
    cursors = [connection.execute("SELECT %s::int", (n,)) for n in range(200)]
    pipeline.sync()
    show(sum(c.fetchone()[0] for c in cursors))
    connection.execute("INSERT INTO item (name) VALUES ('lost with its batch')")
    bad = connection.execute("INSERT INTO item (name) VALUES ('item 1')")
    skipped = connection.execute("SELECT 1")
    failure(pipeline.sync)
    failure(skipped.fetchone)
    show(connection.execute("SELECT count(*) FROM item WHERE name = 'lost with its batch'").fetchone())

step("transactions")
try:
    with connection.transaction():
        connection.execute("INSERT INTO item (name) VALUES ('in a block')")
        try:
            with connection.transaction():
                connection.execute("INSERT INTO item (name) VALUES ('in a block')")
        except psycopg.Error as error:
            failed(error)
        with connection.cursor("named") as named:
            named.execute("SELECT id FROM item ORDER BY id")
            show(len(named.fetchmany(10)))
        connection.execute("INSERT INTO part VALUES (-2)")
except psycopg.Error as error:
    failed(error)
show(connection.execute("SELECT count(*) FROM part").fetchone())

step("copy")
with connection.cursor() as cursor:
    with cursor.copy("COPY item (name, amount) FROM STDIN") as copy:
        for n in range(20_000):
            copy.write_row((f"copied {n}", n))
    show(cursor.rowcount)
    for line in ("copied 1\t1\n", "bad\t-1\n"):
        try:
            with cursor.copy("COPY item (name, amount) FROM STDIN") as copy:
                copy.write(line)
        except psycopg.Error as error:
            failed(error)
    try:
        with cursor.copy("COPY item (name, amount) FROM STDIN"):
            raise ValueError("changed my mind")
    except ValueError as error:
        show(error)
    with cursor.copy("COPY (SELECT name, amount FROM item ORDER BY id) TO STDOUT (FORMAT binary)") as copy:
        show(digest(b"".join(bytes(part) for part in copy)))

step("notify")
connection.execute("LISTEN channel")
connection.execute("NOTIFY channel, 'own'")
other = psycopg.connect(autocommit=True)
other.execute("SELECT pg_notify('channel', 'other')")
show([(n.channel, n.payload) for n in connection.notifies(timeout=10, stop_after=2)])

step("cancel")


def cancel_soon(safely):
    sql = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND query = 'SELECT pg_sleep(60)' AND wait_event = 'PgSleep'"
    while not other.execute(sql, (connection.info.backend_pid,)).fetchone():
        time.sleep(0.01)
    connection.cancel_safe() if safely else connection.cancel()


for safely in (False, True):
    thread = threading.Thread(target=cancel_soon, args=(safely,))
    thread.start()
    failure(connection.execute, "SELECT pg_sleep(60)")
    thread.join()
show(connection.execute("SELECT 1").fetchone())

step("big values")
big = "ä" * 4_000_000
for binary in (False, True):
    text, data = connection.execute(
        "SELECT %s, decode(repeat('00ff', 8000000), 'hex')", (big,), binary=binary
    ).fetchone()
    show(text == big, len(data), digest(bytes(data)))


async def asynchronous():
    async with await psycopg.AsyncConnection.connect(autocommit=True) as connection:
        cursor = await connection.execute("SELECT %s::int", (1,))
        show(await cursor.fetchone())
        async with connection.pipeline():
            cursors = [await connection.execute("SELECT %s::int", (n,)) for n in range(100)]
        show(sum([(await cursor.fetchone())[0] for cursor in cursors]))
        async with (
            connection.cursor() as cursor,
            cursor.copy("COPY (SELECT * FROM item ORDER BY id) TO STDOUT") as copy,
        ):
            show(sum([len(part) async for part in copy]))
        try:
            await asyncio.wait_for(connection.execute("SELECT pg_sleep(60)"), 0.2)
        except (TimeoutError, asyncio.TimeoutError, psycopg.errors.QueryCanceled) as error:
            show(type(error).__name__)
        show(await (await connection.execute("SELECT 1")).fetchone())


step("asynchronous")
asyncio.run(asynchronous())
