"""Flow control and foul play: slow, greedy, broken and vanishing peers cost nobody else anything, and leave nothing behind."""

import contextlib
import hashlib
import os
import pathlib
import signal
import socket
import struct
import threading
import time

import psycopg
import pytest
from harness import messages
from harness.postgres_server import PostgresServer
from harness.waiting import wait_until
from harness.wire_client import WireClient

COPY_MB = int(os.environ.get("PGCONCORD_COPY_MB", "48"))  # 1024 for the real thing
MB = 1 << 20


def descriptors(process):
    """What each is, sorted; inodes left out."""
    targets = []
    for entry in pathlib.Path(f"/proc/{process.process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            targets.append(os.readlink(entry).split(":[")[0])
    return sorted(targets)


class Peak:
    """The most memory a proxy had while something was done, over what it had before."""

    def __init__(self, process):
        self.process, self.before, self.most, self.over = process, process.memory_mb(), 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, self.process.memory_mb() - self.before)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


@pytest.fixture
def untouched(proxy, database):
    """A proxy with a bystander, whose session must never notice anything; afterwards nothing may be left behind."""
    process = proxy(more="workers: 1\n")
    with process.connect(database) as bystander:
        bystander.execute("SELECT 1")
        wait_until(lambda: process.metrics().total("client_connections") == 1, "only the bystander is there")
        before = descriptors(process)
        yield process
        began = time.monotonic()
        assert bystander.execute("SELECT 1").fetchone() == (1,)
        assert time.monotonic() - began < 5
        wait_until(lambda: process.metrics().total("client_connections") == 1, "only the bystander is left", 20)
        wait_until(lambda: len(descriptors(process)) <= len(before), f"descriptors are back at {before}", 20)


def reset(client):
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()


@pytest.mark.memory
class TestBulk:
    def test_copy_in_and_out(self, untouched, database):
        chunk = os.urandom(MB // 2).hex().encode() + b"\n"
        sent, received = hashlib.sha256(), hashlib.sha256()
        with untouched.connect(database) as connection, Peak(untouched) as peak:
            connection.execute("CREATE TEMP TABLE rows (text text)")
            connection.execute("ALTER TABLE rows ALTER text SET STORAGE EXTERNAL")
            with connection.cursor() as cursor, cursor.copy("COPY rows FROM STDIN") as copy:
                for _ in range(COPY_MB):
                    copy.write(chunk)
                    sent.update(chunk)
            with connection.cursor() as cursor, cursor.copy("COPY rows TO STDOUT") as copy:
                for data in copy:
                    received.update(data)
        assert received.digest() == sent.digest()
        assert peak.most < 16

    @pytest.mark.timeout(180)
    def test_parameters_of_64_mb(self, untouched, database):
        value = b"p" * (64 * MB)
        quiet = {"user": "postgres", "options": "-c log_statement=none"}  # it would log the values
        with untouched.connect(database, **quiet) as connection, Peak(untouched) as peak:
            assert connection.execute("SELECT length(%b::bytea)", [value]).fetchone() == (len(value),)
            assert connection.execute("SELECT %b::bytea", [value], binary=True).fetchone()[0] == value
        assert peak.most < 16

    def test_a_pipeline_whose_client_does_not_read(self, untouched, database):
        """20 MB of statements, each answered by as much: the proxy holds no more than its buffers, then all arrives."""
        statement = messages.parse("SELECT $1::text") + messages.bind(["z" * 20_000]) + messages.execute()
        with WireClient(("127.0.0.1", untouched.port), timeout=60) as client, Peak(untouched) as peak:
            client.log_in(database=database)
            writer = threading.Thread(target=client.send, args=(statement * 1000, messages.SYNC))
            writer.start()
            writer.join(2)  # it is stuck, or the kernel's buffers took everything
            received = client.read_until_ready()
            writer.join()
        assert sum(m.kind == "D" for m in received) == 1000
        assert peak.most < 16

    def test_a_client_that_does_not_read_and_is_then_gone(self, untouched, database):
        clients = [WireClient(("127.0.0.1", untouched.port)) for _ in range(8)]
        with Peak(untouched) as peak:
            for client in clients:
                client.log_in(database=database)
                client.send(messages.query("SELECT repeat('x', 100000) FROM generate_series(1, 1000)"))
            for client in clients:
                client.socket.recv(1)
            time.sleep(0.5)  # hundreds of MB would be here by now
            for client in clients:
                reset(client)
        assert peak.most < 24

    def test_a_slow_reader_gets_everything(self, untouched, database):
        with WireClient(("127.0.0.1", untouched.port), timeout=60) as client:
            client.log_in(database=database)
            client.send(messages.query("SELECT repeat('x', 50000) FROM generate_series(1, 100)"))
            kinds = []
            while not kinds or kinds[-1] != "Z":
                kinds.append(client.read_message().kind)
                time.sleep(0.002)
        assert kinds.count("D") == 100


def test_a_fatal_is_read_although_the_client_still_sends(untouched, direct, database):
    """Closing with unread input would reset the connection and destroy the message (7.5)."""
    with WireClient(("127.0.0.1", untouched.port), timeout=30) as client:
        client.log_in(database=database)
        statement = messages.parse("SELECT $1::text") + messages.bind(["z" * 20_000]) + messages.execute()
        client.send(messages.query("SELECT pg_sleep(60)"))
        flood = threading.Thread(target=lambda: suppressed(client.send, statement * 500))
        flood.start()
        wait_until(lambda: direct.execute("SELECT pg_terminate_backend(%s)", [client.pid]).fetchone()[0], "terminated")
        errors = [m.fields["C"] for m in client.read_until_closed() if m.kind == "E"]
        assert errors == ["57P01"]
        flood.join()


def suppressed(call, *arguments):
    with contextlib.suppress(OSError):
        call(*arguments)


# One of each message a client may send; those without a body of their own are cut inside the header.
MESSAGES = {
    "Query": messages.query("SELECT repeat('x', 100)"),
    "Parse": messages.parse("SELECT $1::text"),
    "Bind": messages.parse("SELECT $1::text") + messages.bind(["value"]),
    "Describe": messages.parse("SELECT 1") + b"D\0\0\0\x06S\0",
    "Execute": messages.parse("SELECT 1") + messages.bind([]) + messages.execute(),
    "Close": b"C\0\0\0\x06S\0",
    "Flush": b"H\0\0\0\4",
    "Sync": messages.SYNC,
    "FunctionCall": b"F\0\0\0\x0e" + struct.pack("!IHHH", 1299, 0, 0, 0),
    "CopyData": messages.query("COPY t FROM STDIN") + b"d\0\0\0\x061\n",
    "CopyDone": messages.query("COPY t FROM STDIN") + b"c\0\0\0\4",
    "CopyFail": messages.query("COPY t FROM STDIN") + b"f\0\0\0\x06x\0",
    "Terminate": messages.TERMINATE,
    "Insert": messages.query("INSERT INTO t VALUES (1)"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_reset_in_the_middle_of_a_message(name, untouched, direct, database):
    direct.execute("CREATE TABLE t (id int)")
    whole = MESSAGES[name]
    for cut in {len(whole) - 1, len(whole) - 3, max(1, len(whole) // 2)}:
        for leave in (
            reset,
            lambda client: client.socket.close(),
            lambda client: client.socket.shutdown(socket.SHUT_WR),
        ):
            client = WireClient(("127.0.0.1", untouched.port))
            client.log_in(database=database)
            client.send(whole[:cut])
            leave(client)
            client.socket.close()
    ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'app'"
    wait_until(lambda: direct.execute(ours).fetchone() == (1,), "only the bystander's backend is left", 20)


def test_a_reset_in_the_middle_of_every_start_up(untouched, database):
    start = messages.SSL_REQUEST + messages.startup(user="app", database=database)
    for cut in range(0, len(start), 3):
        client = WireClient(("127.0.0.1", untouched.port))
        client.send(start[: min(cut, 8)])
        if cut > 8:
            client.read_exactly(1)
            client.send(start[8:cut])
        reset(client)


def test_clients_that_send_byte_by_byte(untouched, database):
    """Ten at once, each taking its time; somebody else's statements are as quick as ever."""

    def dawdle():
        with WireClient(("127.0.0.1", untouched.port), timeout=60) as client:
            for sent in messages.startup(user="app", database=database), messages.query("SELECT 41 + 1"):
                for byte in sent:
                    client.send(bytes([byte]))
                    time.sleep(0.005)
                received = client.read_until_ready()
            results.append(received[1].columns)

    results = []
    threads = [threading.Thread(target=dawdle) for _ in range(10)]
    for thread in threads:
        thread.start()
    with untouched.connect(database) as connection:
        began = time.monotonic()
        for _ in range(50):
            connection.execute("SELECT 1")
        assert time.monotonic() - began < 5
    for thread in threads:
        thread.join()
    assert results == [[b"42"]] * 10


@pytest.mark.timeout(180)
def test_a_thousand_connections_at_once(untouched, database):
    """Every one is answered: let in, or told by the server that it is full."""
    clients = []
    try:
        for _ in range(1000):
            client = WireClient(("127.0.0.1", untouched.port), timeout=60)
            client.send(messages.startup(user="app", database=database))
            clients.append(client)
        outcomes = {"Z": 0, "53300": 0}
        for client in clients:
            last = client.read_until("Z", "E")[-1]
            outcomes["Z" if last.kind == "Z" else last.fields["C"]] += 1
        assert outcomes["Z"] > 100 and sum(outcomes.values()) == 1000
    finally:
        for client in clients:
            client.socket.close()


@pytest.mark.memory
def test_memory_does_not_grow_with_the_connections_that_were(untouched, database):
    def round_of(count):
        for _ in range(count):
            with untouched.connect(database) as connection:
                connection.execute("SELECT 1")

    round_of(50)
    before = untouched.memory_mb()
    round_of(300)
    assert untouched.memory_mb() - before < 4


@pytest.mark.timeout(180)
def test_a_server_that_is_killed_takes_its_own_sessions_only(proxy, postgres, database):
    victim = PostgresServer().start()
    try:
        process = proxy(upstream=f"127.0.0.1:{victim.port}")
        clients = [WireClient(("127.0.0.1", process.port)) for _ in range(5)]
        for client in clients:
            client.log_in(user="postgres", database="postgres")
        clients[1].query("BEGIN")
        clients[2].send(messages.query("SELECT pg_sleep(60)"))
        clients[3].send(messages.query("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 1000000)) TO STDOUT"))
        clients[4].send(messages.parse("SELECT 1"), b"H\0\0\0\4")
        before = process.metrics().total("client_connections")
        assert before == 5
        victim.process.send_signal(signal.SIGKILL)
        children_killed(victim)
        for client in clients:
            errors = [m.fields["C"] for m in client.read_until_closed() if m.kind == "E"]
            assert len(errors) <= 1 and set(errors) <= {"08006", "57P01", "57P02"}, errors
            client.socket.close()
        wait_until(lambda: process.metrics().total("client_connections") == 0, "the sessions are gone")
        wait_until(lambda: is_refused(process), "new clients are told that the server is not available")
    finally:
        victim.stop()


def is_refused(process):
    """A connect that the dying server's kernel still took ends without a word; the next one is refused."""
    with pytest.raises(psycopg.OperationalError) as refusal:
        process.connect("postgres", user="postgres")
    return "not available" in str(refusal.value)


def children_killed(server):
    """SIGKILL leaves the backends; they end when they notice, or now."""
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if entry.name.isdigit() and str(server.folder) == os.path.dirname(os.readlink(entry / "cwd")):
                os.kill(int(entry.name), signal.SIGKILL)


def test_sessions_are_spread_evenly_over_the_workers(proxy, database):
    """Each worker's epoll instance shows what it watches: two sockets per session."""
    process = proxy(more="workers: 4\n")
    clients = [WireClient(("127.0.0.1", process.port)) for _ in range(20)]
    for client in clients:
        client.log_in(database=database)
    watched = []
    for info in pathlib.Path(f"/proc/{process.process.pid}/fdinfo").iterdir():
        with contextlib.suppress(OSError):
            watched.append(info.read_text().count("tfd:"))
    assert sum(count >= 10 for count in watched) == 4, watched
    for client in clients:
        client.socket.close()
