"""`mode: off` by reload: every session becomes a byte pipe at its next idle point, and reads again when another mode is back."""

import psycopg
import pytest
from harness import messages
from harness.proxy_process import configuration
from harness.wire_client import WireClient

POLICY = "- {name: p, table: public.t, constraint: t_pkey, action: do_nothing}\n"


@pytest.fixture
def switched(proxy, upstream, direct):
    """A proxy that enforces a policy on t, and a way to set its mode."""
    direct.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); GRANT ALL ON t TO app")
    process = proxy(POLICY)

    def switch(mode):
        process.rewrite_config(configuration(upstream, POLICY, mode))

    process.switch = switch
    return process


def is_absorbed(connection):
    try:
        connection.execute("INSERT INTO t VALUES (1)", prepare=False)
        return True
    except psycopg.errors.UniqueViolation:
        return False


def counted(process):
    metrics = process.metrics()
    return metrics.total("statements_total") + metrics.total("constraint_violations_total")


def test_off_and_on_again_in_one_session(switched, database):
    with switched.connect(database) as connection:
        assert is_absorbed(connection)
        switched.switch("off")
        before = counted(switched)
        assert not is_absorbed(connection)
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1,)
        assert counted(switched) == before, "nothing is looked at"
        switched.switch("enforce")
        connection.execute("SELECT 1")  # at its next idle point it is back
        assert is_absorbed(connection)
        switched.switch("off")
        assert not is_absorbed(connection)
        switched.switch("observe")
        assert not is_absorbed(connection)
        assert counted(switched) > before


def test_new_sessions_are_pipes_and_come_back_too(switched, database):
    switched.switch("off")
    before = counted(switched)
    with switched.connect(database) as connection:
        assert not is_absorbed(connection)
        assert counted(switched) == before
        switched.switch("enforce")
        connection.execute("SELECT 1")
        assert is_absorbed(connection)


def test_a_transaction_is_finished_as_it_began(switched, database):
    with switched.connect(database) as connection:
        connection.execute("BEGIN")
        switched.switch("off")
        before = counted(switched)
        connection.execute("SELECT 1")
        connection.execute("COMMIT")
        assert counted(switched) == before + 2
        connection.execute("SELECT 1")
        assert counted(switched) == before + 2


def test_what_the_session_changed_unseen_is_asked_for(switched, database):
    """In an encoding whose bytes may hold a quote nothing is rewritten, also when it was set while nobody looked (6.8)."""
    with switched.connect(database) as connection:
        switched.switch("off")
        connection.execute("SET client_encoding = 'SJIS'")
        switched.switch("enforce")
        connection.execute("SELECT 1")
        assert not is_absorbed(connection)
        assert switched.metrics().total("left_alone_total", reason="lexing") == 1
        connection.execute("SET client_encoding = 'UTF8'")
        assert is_absorbed(connection)


def test_everything_passes_a_pipe(switched, database):
    switched.switch("off")
    with switched.connect(database, autocommit=False) as connection:
        connection.execute("CREATE TEMP TABLE rows (text text)")
        with connection.cursor() as cursor, cursor.copy("COPY rows FROM STDIN") as copy:
            for _ in range(2000):
                copy.write_row(["x" * 1000])
        assert connection.execute("SELECT sum(length(text)) FROM rows").fetchone() == (2_000_000,)
        with connection.pipeline():
            cursors = [connection.execute("SELECT %s::text", ["y" * 10_000]) for _ in range(100)]
        assert all(cursor.fetchone() == ("y" * 10_000,) for cursor in cursors)
        connection.execute("SELECT 1", prepare=True)


def test_data_that_looks_like_an_idle_point_ends_nobody_elses_session(switched, database):
    """A statement that pauses behind bytes that look like its end: at worst its own session is closed."""
    fake = "C" + "\\000\\000\\000\\015" + "SELECT 1" + "\\000" + "Z\\000\\000\\000\\005I"
    with switched.connect(database) as other, WireClient(("127.0.0.1", switched.port)) as client:
        client.log_in(database=database)
        switched.switch("off")
        client.query("SELECT 1")
        switched.switch("enforce")
        sql = f"COPY (SELECT '{fake}'::bytea, pg_sleep(0.2)::text FROM generate_series(1, 3)) TO STDOUT BINARY"
        client.send(messages.query(sql), messages.query("SELECT 2"))
        client.read_until("Z", "E")
        other.execute("SELECT 1")
        assert is_absorbed(other)
