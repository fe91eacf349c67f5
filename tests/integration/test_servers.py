"""Several servers: which one a session gets (target_session_attrs as in libpq), and what happens when it is not there."""

import contextlib
import shutil
import socket
import struct
import threading

import psycopg
import pytest
from harness import messages
from harness.ports import free_port
from harness.postgres_server import PostgresServer, unprivileged
from harness.waiting import wait_until
from harness.wire_client import WireClient

# One process for all of them: the standby takes a while to make.
pytestmark = [pytest.mark.xdist_group("servers"), pytest.mark.timeout(180)]


class StandbyServer(PostgresServer):
    """A hot standby that follows nobody: enough to be one."""

    def start(self):
        super().start()
        self.stop_process()
        signal_file = self.folder / "data" / "standby.signal"
        signal_file.touch()
        if unprivileged():
            shutil.chown(signal_file, "postgres", "postgres")
        self.start_process()
        return self

    def promote(self):
        with self.connect() as connection:
            assert connection.execute("SELECT pg_promote()").fetchone() == (True,)


@pytest.fixture(scope="module")
def standby():
    server = StandbyServer()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def chosen(proxy):
    """Starts a proxy in front of these servers, in this order."""

    def start(attributes, *servers):
        addresses = ", ".join(f"127.0.0.1:{server.port}" for server in servers)
        return proxy(upstream=addresses, upstream_more=f"target_session_attrs: {attributes}")

    return start


def who(process, role="app"):
    with process.connect("postgres", user=role, password=role) as connection:
        return int(connection.execute("SHOW port").fetchone()[0])


def refusal(process, role="app"):
    with pytest.raises(psycopg.OperationalError) as failure:
        who(process, role)
    return str(failure.value)


CASES = [
    ("any", "first"),
    ("read-write", "primary"),
    ("primary", "primary"),
    ("read-only", "standby"),
    ("standby", "standby"),
    ("prefer-standby", "standby"),
]


@pytest.mark.parametrize(("attributes", "wanted"), CASES)
@pytest.mark.parametrize("order", ["primary first", "standby first"])
def test_the_session_reaches_the_server_that_is_wanted(attributes, wanted, order, chosen, postgres, standby):
    servers = [postgres, standby] if order == "primary first" else [standby, postgres]
    process = chosen(attributes, *servers)
    expected = {"first": servers[0], "primary": postgres, "standby": standby}[wanted].port
    assert [who(process) for _ in range(3)] == [expected] * 3


@pytest.mark.parametrize("role", ["scram_role", "md5_role", "password_role"])
def test_behind_a_password_the_next_attempt_reaches_it(role, chosen, postgres, standby):
    """The proof of the password is for one server only, so the wrong one is refused; its role is remembered."""
    process = chosen("primary", standby, postgres)
    assert "does not fit target_session_attrs" in refusal(process, role)
    assert [who(process, role) for _ in range(3)] == [postgres.port] * 3


@pytest.mark.parametrize("role", ["app", "scram_role"])
def test_a_preferred_standby_is_no_condition(role, chosen, postgres):
    process = chosen("prefer-standby", postgres)
    assert who(process, role) == postgres.port


def test_after_authentication_a_primary_will_do_for_prefer_standby_and_is_remembered(chosen, postgres, standby):
    process = chosen("prefer-standby", postgres, standby)
    assert [who(process, "scram_role") for _ in range(3)] == [postgres.port, standby.port, standby.port]


def test_nobody_fits(chosen, postgres, standby):
    assert "no available server fits target_session_attrs=standby" in refusal(chosen("standby", postgres))
    assert "no available server fits target_session_attrs=primary" in refusal(chosen("primary", standby))


def test_a_client_with_two_hosts_goes_on_to_the_next_proxy(chosen, postgres, standby):
    wrong, right = chosen("primary", standby), chosen("primary", postgres)
    for role in ("app", "scram_role"):
        ports = f"{wrong.port},{right.port}"
        arguments = {"host": "127.0.0.1,127.0.0.1", "port": ports, "user": role, "password": role}
        with psycopg.connect(dbname="postgres", **arguments) as connection:
            assert connection.info.port == right.port


def test_a_read_only_default_is_no_read_write_server(chosen, postgres, standby):
    process = chosen("read-write", postgres)
    options = {"options": "-c default_transaction_read_only=on"}
    with pytest.raises(psycopg.OperationalError, match="no available server fits"):
        process.connect("postgres", **options)
    process = chosen("read-only", postgres)
    with process.connect("postgres", **options) as connection:
        assert connection.execute("SHOW transaction_read_only").fetchone() == ("on",)


def test_the_client_sees_one_log_in_only(chosen, postgres, standby):
    """What the wrong server said is gone: keys, parameters and order are those of one direct log-in."""
    process = chosen("primary", standby, postgres)
    with WireClient(("127.0.0.1", process.port)) as through, WireClient(("127.0.0.1", postgres.port)) as direct:
        kinds = [[m.kind for m in client.log_in(database="postgres")] for client in (through, direct)]
        assert kinds[0] == kinds[1]
        assert through.parameters == direct.parameters
        assert through.query("SHOW port")[1].columns == [str(postgres.port).encode()]
        assert int(through.query("SELECT pg_backend_pid()")[1].columns[0]) == through.pid


def test_what_came_behind_the_start_up_packet_waits_for_the_right_server(chosen, postgres, standby):
    process = chosen("primary", standby, postgres)
    with WireClient(("127.0.0.1", process.port)) as client:
        client.send(messages.startup(user="app", database="postgres"), messages.query("SHOW port"))
        client.read_until_ready()
        assert client.read_until_ready()[1].columns == [str(postgres.port).encode()]


def test_a_replication_connection_reaches_it_too(chosen, postgres, standby):
    process = chosen("primary", standby, postgres)
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(user="postgres", database="postgres", replication="database")
        assert client.query("SHOW port")[1].columns == [str(postgres.port).encode()]


def test_a_failover_is_followed(chosen, postgres):
    replica = StandbyServer()
    try:
        replica.start()
        process = chosen("primary", replica, postgres)
        assert who(process) == postgres.port
        replica.promote()
        # Both are primaries now: whoever answered stays in favour.
        assert who(process) == postgres.port
    finally:
        replica.stop()


class UnreadyServer:
    """Answers every start-up packet with 57P03, as PostgreSQL does while it starts up or shuts down."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        body = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.socket.accept()
                with client:
                    client.recv(10_000)
                    client.sendall(b"E" + struct.pack("!I", len(body) + 4) + body)


def test_a_server_that_is_starting_up_is_passed_over(chosen, postgres):
    unready = UnreadyServer()
    assert who(chosen("any", unready, postgres)) == postgres.port
    assert who(chosen("primary", unready, postgres), "scram_role") == postgres.port
    with WireClient(("127.0.0.1", chosen("any", unready, unready_too := UnreadyServer()).port)) as client:
        (refusal_message,) = client.log_in(database="postgres")
        assert refusal_message.fields["C"] == "57P03"
        assert refusal_message.fields["M"] == "the database system is starting up"
    for server in (unready, unready_too):
        server.socket.close()


class OldServer:
    """Logs everybody in and reports neither in_hot_standby nor default_transaction_read_only, as before PostgreSQL 14."""

    LOGIN = b"R\0\0\0\x08\0\0\0\0" + b"K\0\0\0\x0c\0\0\0\x01\0\0\0\x02" + b"Z\0\0\0\x05I"

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.socket.accept()
                with client:
                    client.recv(10_000)
                    client.sendall(self.LOGIN)
                    client.recv(10_000)


def test_an_old_server_is_refused_with_the_way_out(chosen, postgres):
    old = OldServer()
    process = chosen("primary", old)
    with WireClient(("127.0.0.1", process.port)) as client:
        (answer,) = client.log_in(database="postgres")
        assert answer.fields["C"] == "57P03" and "PostgreSQL 14" in answer.fields["H"]
    assert who(chosen("primary", old, postgres)) == postgres.port
    old.socket.close()


def test_a_cancel_reaches_the_server_of_its_session(chosen, postgres, standby):
    """Any of the servers may be meant (3.2), so all of them are told."""
    process = chosen("standby", postgres, standby)
    with process.connect("postgres") as connection:

        def cancel():
            with standby.connect() as direct:
                asleep = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                wait_until(lambda: direct.execute(asleep).fetchone(), "the statement runs")
            connection.cancel_safe()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(30)")
        canceller.join()


def test_names_are_resolved_at_each_connect_and_every_address_tried(proxy, postgres):
    """`localhost` may stand for ::1 first, where this server may not listen."""
    process = proxy(upstream=f"localhost:{free_port()}, localhost:{postgres.port}")
    assert [who(process) for _ in range(2)] == [postgres.port] * 2
