"""psycopg2 in ordinary use; prints what it saw, step by step."""

import io
import select
import threading
import time

import psycopg2
import psycopg2.extras
from shared import FAILING, TYPES, digest, show, step


def failure(work, *arguments):
    try:
        work(*arguments)
        show("no error")
    except psycopg2.Error as error:
        d = error.diag
        show(type(error).__name__, error.pgcode, d.schema_name, d.table_name, d.column_name, d.constraint_name, d.message_detail,
             d.statement_position)  # fmt: skip


connection = psycopg2.connect("")
connection.autocommit = True
cursor = connection.cursor()

step("types and parameters")
cursor.execute(TYPES)
row = cursor.fetchone()
show([bytes(v) if isinstance(v, memoryview) else v for v in row], [c.type_code for c in cursor.description])
cursor.execute("SELECT %s + 1, %s, %s::bytea, %s", (41, "it's", b"\x00\xff", ["x", None, '"']))
show([bytes(v) if isinstance(v, memoryview) else v for v in cursor.fetchone()])
cursor.execute("SELECT 1; UPDATE item SET amount = amount WHERE id < 4")
show(cursor.rowcount, cursor.statusmessage)

step("batches")
psycopg2.extras.execute_values(cursor, "INSERT INTO item (name, amount) VALUES %s", [(f"v {n}", n) for n in range(500)])
psycopg2.extras.execute_batch(
    cursor, "INSERT INTO item (name, amount) VALUES (%s, %s)", [(f"b {n}", n) for n in range(500)]
)
cursor.executemany("UPDATE item SET amount = %s WHERE name = %s", [(n, f"v {n}") for n in range(50)])
cursor.execute("SELECT count(*), sum(amount) FROM item")
show(cursor.fetchone())
failure(psycopg2.extras.execute_values, cursor, "INSERT INTO item (name) VALUES %s", [("new",), ("v 1",)])

step("prepared")
cursor.execute("PREPARE get (int) AS SELECT name FROM item WHERE id = $1")
for n in range(1, 4):
    cursor.execute("EXECUTE get (%s)", (n,))
    show(cursor.fetchone())

step("errors")
for sql in FAILING:
    failure(cursor.execute, sql)
failure(cursor.execute, "INSERT INTO item (name) VALUES (%s)", ("item 2",))
cursor.execute("DO $$BEGIN RAISE NOTICE 'hello'; END$$")
show(connection.notices)

step("transactions")
connection.autocommit = False
cursor.execute("INSERT INTO item (name) VALUES ('in a block')")
cursor.execute("SAVEPOINT a")
failure(cursor.execute, "INSERT INTO item (name) VALUES ('in a block')")
failure(cursor.execute, "SELECT 1")
show(connection.info.transaction_status)
cursor.execute("ROLLBACK TO a")
cursor.execute("SELECT count(*) FROM item WHERE name = 'in a block'")
show(cursor.fetchone())
connection.rollback()
connection.set_session(isolation_level="SERIALIZABLE")
cursor.execute("INSERT INTO part VALUES (-2)")
failure(connection.commit)
connection.rollback()
with connection.cursor(name="named") as named:
    named.itersize = 30
    named.execute("SELECT id FROM item ORDER BY id")
    show(len(named.fetchmany(10)), sum(1 for _ in named))
connection.rollback()
connection.tpc_begin("xid")
cursor.execute("INSERT INTO item (name) VALUES ('two phases')")
connection.tpc_prepare()
connection.tpc_commit()
cursor.execute("SELECT count(*) FROM item WHERE name = 'two phases'")
show(cursor.fetchone())
connection.close()

step("copy")
connection = psycopg2.connect("")
connection.autocommit = True
cursor = connection.cursor()
cursor.copy_expert(
    "COPY item (name, amount) FROM STDIN", io.StringIO("".join(f"copied {n}\t{n}\n" for n in range(20_000)))
)
show(cursor.rowcount)
failure(cursor.copy_expert, "COPY item (name, amount) FROM STDIN", io.StringIO("copied 1\t1\n"))
failure(cursor.copy_expert, "COPY item (name, amount) FROM STDIN", io.StringIO("bad\t-1\n"))
out = io.StringIO()
cursor.copy_expert("COPY (SELECT name, amount FROM item ORDER BY id) TO STDOUT", out)
show(len(out.getvalue()), digest(out.getvalue()))

step("notify")
other = psycopg2.connect("")
other.autocommit = True
cursor.execute("LISTEN channel")
cursor.execute("NOTIFY channel, 'own'")
other.cursor().execute("SELECT pg_notify('channel', 'other')")
while len(connection.notifies) < 2:
    select.select([connection], [], [], 5)
    connection.poll()
show([(n.channel, n.payload) for n in connection.notifies])

step("cancel")


def cancel_soon():
    watch = other.cursor()
    while True:
        watch.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND query = 'SELECT pg_sleep(60)' AND wait_event = 'PgSleep'",
                      (connection.info.backend_pid,))  # fmt: skip
        if watch.rowcount:
            return connection.cancel()
        time.sleep(0.01)


thread = threading.Thread(target=cancel_soon)
thread.start()
failure(cursor.execute, "SELECT pg_sleep(60)")
thread.join()
cursor.execute("SELECT 1")
show(cursor.fetchone())

step("big values")
big = "ä" * 4_000_000
cursor.execute("SELECT %s, decode(repeat('00ff', 8000000), 'hex')", (big,))
text, data = cursor.fetchone()
show(text == big, len(data), digest(bytes(data)))
