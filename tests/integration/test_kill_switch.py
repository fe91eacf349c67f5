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


def test_data_that_looks_like_an_idle_point_is_none(switched, database):
    """A statement that pauses behind bytes that look like its end."""
    fake = "C" + "\\000\\000\\000\\015" + "SELECT 1" + "\\000" + "Z\\000\\000\\000\\005I"
    with switched.connect(database) as other, WireClient(("127.0.0.1", switched.port)) as client:
        client.log_in(database=database)
        switched.switch("off")
        client.query("SELECT 1")
        switched.switch("enforce")
        sql = f"COPY (SELECT '{fake}'::bytea, pg_sleep(0.2)::text FROM generate_series(1, 3)) TO STDOUT BINARY"
        client.send(messages.query(sql), messages.query("SELECT 2"))
        assert [m.kind for m in client.read_until_ready(2)].count("C") == 2
        assert codes(client.query("INSERT INTO t VALUES (1)")) == [], "it reads again"
        other.execute("SELECT 1")
        assert is_absorbed(other)


def codes(received):
    return [m.fields["C"] for m in received if m.kind == "E"]


class TestDrainOfPipes:
    """A piped session ends where any other would (protocol.md 7.9)."""

    @pytest.fixture
    def process(self, proxy, direct):
        direct.execute("CREATE TABLE t (id int PRIMARY KEY); GRANT ALL ON t TO app")
        return proxy(mode="off", more="shutdown: {drain: 200ms}\n")

    def client(self, process, database):
        client = WireClient(("127.0.0.1", process.port))
        client.log_in(database=database)
        return client

    def test_idle_ones_are_told_and_busy_ones_finish_first(self, process, database):
        statements = {
            "fresh": None,
            "query": "SELECT 1",
            "error": "SELECT 1/0",
            "empty": "",
            "parameter": "SET application_name = 'x'",
            "listening": "LISTEN channel; NOTIFY channel, 'own'",
        }
        idle = {name: self.client(process, database) for name in statements}
        for name, sql in statements.items():
            if sql is not None:
                idle[name].query(sql)
        block, slow, batch, copy = (self.client(process, database) for _ in range(4))
        block.query("BEGIN")
        slow.send(messages.query("SELECT pg_sleep(1)"), messages.query("SELECT 2"))
        batch.send(messages.one_statement("SELECT 3"), messages.FLUSH).read_until("C")
        copy.send(
            messages.parse("COPY t FROM STDIN") + messages.bind() + messages.execute() + messages.SYNC
        ).read_until("G")
        process.process.terminate()
        for name, client in idle.items():
            assert codes(client.read_until_closed()) == ["57P01"], name
        received = slow.read_until_closed()
        assert [m.kind for m in received] == ["T", "D", "C", "Z", "T", "D", "C", "Z", "E"]
        assert codes(received) == ["57P01"]
        assert codes(block.query("COMMIT") + block.read_until_closed()) == ["57P01"]
        received = batch.send(messages.SYNC).read_until_closed()
        assert [m.kind for m in received] == ["Z", "E"]
        received = copy.send(messages.copy_data(b"1\n"), messages.COPY_DONE, messages.SYNC).read_until_closed()
        assert [m.kind for m in received] == ["C", "Z", "E"]
        assert process.process.wait(5) == 0
        for client in (*idle.values(), block, slow, batch, copy):
            client.socket.close()

    def test_what_is_no_message_is_cut_at_the_end(self, process, database):
        """The watch has lost its way: the session is never idle again, and nothing else happens to it."""
        with self.client(process, database) as client:
            client.send(b"Q\0\0\0\0")
            client.read_until_closed()
        assert process.metrics().total("client_connections") == 0
