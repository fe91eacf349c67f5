"""The life of a connection: logging in, cancelling, unix sockets, notifications, losing the server, many clients."""

import asyncio
import select
import socket
import struct
import subprocess
import threading
import time

import psycopg
import pytest
from harness import messages
from harness.ports import free_port, has_ipv6
from harness.postgres_server import PROGRAMS, PostgresServer
from harness.waiting import wait_until
from harness.wire_client import WireClient


@pytest.mark.parametrize("role", ["app", "scram_role", "md5_role", "password_role"])
def test_every_password_method_passes_through(role, proxy, database):
    with proxy().connect(database, user=role, password=role) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (role,)


def complaint(port, **arguments):
    with pytest.raises(psycopg.OperationalError) as failure:
        psycopg.connect(host="127.0.0.1", port=port, **arguments)
    return str(failure.value).replace(str(port), "PORT")


@pytest.mark.parametrize(
    "arguments",
    [
        {"user": "scram_role", "password": "wrong", "dbname": "postgres"},
        {"user": "md5_role", "password": "wrong", "dbname": "postgres"},
        {"user": "password_role", "password": "wrong", "dbname": "postgres"},
        {"user": "nobody_at_all", "dbname": "postgres"},
        {"user": "app", "dbname": "no_such_database"},
        {"user": "app", "dbname": "postgres", "options": "-c no.such.setting.at.all=1 -c nonsense=2"},
    ],
)
def test_a_refused_log_in_reads_as_from_the_server(arguments, proxy, postgres):
    assert complaint(proxy().port, **arguments) == complaint(postgres.port, **arguments)


def test_start_up_parameters_reach_the_server(proxy, database):
    arguments = {"application_name": "the-name", "options": "-c search_path=elsewhere -c geqo_seed=0.5"}
    with proxy().connect(database, **arguments) as connection:
        for name, value in {"application_name": "the-name", "search_path": "elsewhere", "geqo_seed": "0.5"}.items():
            assert connection.execute("SELECT current_setting(%s)", [name]).fetchone() == (value,)


@pytest.mark.parametrize("request_bytes", [messages.SSL_REQUEST, messages.GSSENC_REQUEST])
def test_encryption_requests_are_answered_no_and_the_session_goes_on(request_bytes, proxy, database):
    with WireClient(("127.0.0.1", proxy().port)) as client:
        client.send(request_bytes)
        assert client.read_exactly(1) == b"N"
        client.log_in(database=database)
        assert client.query("SELECT 1")[1].columns == [b"1"]


GREASE = {"version": 3 << 16 | 9999, "_pq_.test_protocol_negotiation": ""}


def negotiation(port, database, **asked):
    """The answers to the version and extensions asked for, and the one message behind them."""
    with WireClient(("127.0.0.1", port)) as client:
        client.send(messages.startup(user="app", database=database, **asked))
        answers = [client.read_message()]
        while answers[-1].kind == "v":
            answers.append(client.read_message())
        client.read_until_ready()
        assert client.query("SELECT 1")[1].columns == [b"1"]
    return answers


def test_what_libpq_greases_the_start_up_with_is_answered_once(proxy, postgres, database):
    answers = negotiation(proxy().port, database, **GREASE)
    assert [each.kind for each in answers] == ["v", "R"]
    version, count = struct.unpack_from("!II", answers[0].body)
    assert version <= 3 << 16 | 2 and count == 1 and answers[0].body[8:] == b"_pq_.test_protocol_negotiation\0"
    assert answers == negotiation(postgres.port, database, **GREASE)


@pytest.mark.parametrize("minor", [0, 1, 2])
def test_a_version_that_is_known_is_the_server_s_to_answer(minor, proxy, postgres, database):
    asked = {"version": 3 << 16 | minor}
    assert negotiation(proxy().port, database, **asked) == negotiation(postgres.port, database, **asked)


def test_a_client_that_thinks_for_a_while_before_it_logs_in_has_its_full_time(proxy, database):
    with WireClient(("127.0.0.1", proxy().port)) as client:
        time.sleep(2.5)  # deadlines are looked at once a second
        client.log_in(database=database)
        assert client.query("SELECT 1")[1].columns == [b"1"]


def test_both_encryption_requests_then_log_in(proxy, database):
    with WireClient(("127.0.0.1", proxy().port)) as client:
        for request_bytes in (messages.GSSENC_REQUEST, messages.SSL_REQUEST):
            client.send(request_bytes)
            assert client.read_exactly(1) == b"N"
        assert client.log_in(database=database)[-1].kind == "Z"


@pytest.mark.parametrize("request_bytes", [messages.SSL_REQUEST, messages.GSSENC_REQUEST])
def test_a_repeated_encryption_request_is_refused(request_bytes, proxy):
    with WireClient(("127.0.0.1", proxy().port)) as client:
        client.send(request_bytes)
        assert client.read_exactly(1) == b"N"
        client.send(request_bytes)
        (refusal,) = client.read_until_closed()
        assert refusal.fields["C"] == "0A000" and refusal.fields["S"] == "FATAL"


def test_sslmode_require_is_told_the_server_has_no_ssl(proxy, database):
    with pytest.raises(psycopg.OperationalError, match="server does not support SSL"):
        proxy().connect(database, sslmode="require")


def is_sleeping(direct):
    """A cancel that overtakes its statement cancels nothing, with or without a proxy."""
    active = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    wait_until(lambda: direct.execute(active).fetchone(), "the statement runs")


class TestCancel:
    def test_a_sleeping_statement_is_cancelled(self, proxy, direct, database):
        process = proxy()
        with process.connect(database) as connection:
            canceller = threading.Thread(target=lambda: (is_sleeping(direct), connection.cancel_safe()))
            canceller.start()
            with pytest.raises(psycopg.errors.QueryCanceled):
                connection.execute("SELECT pg_sleep(30)")
            canceller.join()
            assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_any_replica_serves_any_cancel(self, proxy, direct, database):
        """BackendKeyData passes unchanged, so a second proxy relays a cancel for the first one's session (3.1)."""
        first, second = proxy(), proxy()
        with WireClient(("127.0.0.1", first.port)) as client:
            client.log_in(database=database)
            client.send(messages.query("SELECT pg_sleep(30)"))
            is_sleeping(direct)
            with WireClient(("127.0.0.1", second.port)) as canceller:
                canceller.send(messages.cancel_request(client.pid, client.key))
                assert canceller.read_until_closed() == []
            errors = [m.fields["C"] for m in client.read_until_ready() if m.kind == "E"]
            assert errors == ["57014"]

    def test_a_wrong_key_cancels_nothing(self, proxy, database):
        process = proxy()
        with WireClient(("127.0.0.1", process.port)) as client:
            client.log_in(database=database)
            client.send(messages.query("SELECT pg_sleep(0.5)"))
            with WireClient(("127.0.0.1", process.port)) as canceller:
                canceller.send(messages.cancel_request(client.pid, b"\0\1\2\3"))
                assert canceller.read_until_closed() == []
            assert [m.kind for m in client.read_until_ready()] == ["T", "D", "C", "Z"]


def test_unix_sockets_on_both_sides(proxy, postgres, database, tmp_path):
    path = tmp_path / ".s.PGSQL.6432"
    process = proxy(listen=[f"unix:{path}"], upstream=f"unix:{postgres.folder}/.s.PGSQL.{postgres.port}")
    assert f"unix:{path}" in process.listeners
    with psycopg.connect(host=str(tmp_path), port=6432, user="app", dbname=database) as connection:
        assert connection.execute("SELECT inet_client_addr() IS NULL").fetchone() == (True,)
    process.stop()
    assert not path.exists()


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_ipv6_on_both_sides(proxy, postgres, database):
    process = proxy(listen=['"[::1]:0"'], upstream=f'"[::1]:{postgres.port}"')
    with psycopg.connect(host="::1", port=process.port, user="app", dbname=database) as connection:
        assert connection.execute("SELECT host(inet_client_addr())").fetchone() == ("::1",)


def test_several_listeners_serve_the_same_server(proxy, postgres, database, tmp_path):
    process = proxy(listen=["127.0.0.1:0", f"127.0.0.1:{free_port()}", f"unix:{tmp_path}/.s.PGSQL.5432"])
    assert len(process.listeners) == 3
    for address in process.listeners:
        target = (
            address.removeprefix("unix:")
            if address.startswith("unix:")
            else ("127.0.0.1", int(address.rsplit(":", 1)[1]))
        )
        with WireClient(target) as client:
            assert client.log_in(database=database)[-1].kind == "Z"


class TestNoServer:
    def test_the_client_is_told_57p03_and_nothing_about_the_upstream(self, proxy):
        port = free_port()
        process = proxy(upstream=f"127.0.0.1:{port}")
        with WireClient(("127.0.0.1", process.port)) as client:
            (refusal,) = client.log_in()
            assert refusal.kind == "E"
            assert refusal.fields["C"] == "57P03" and refusal.fields["V"] == "FATAL"
            assert str(port) not in refusal.body.decode()
            assert client.read_until_closed() == []

    def test_pg_isready_says_rejecting(self, proxy):
        process = proxy(upstream=f"127.0.0.1:{free_port()}")
        command = [PROGRAMS / "pg_isready", "-h", "127.0.0.1", "-p", str(process.port)]
        assert "rejecting connections" in subprocess.run(command, capture_output=True, text=True).stdout

    def test_a_client_with_two_hosts_goes_to_the_next(self, proxy, postgres, database):
        process = proxy(upstream=f"127.0.0.1:{free_port()}")
        ports = f"{process.port},{postgres.port}"
        with psycopg.connect(host="127.0.0.1,127.0.0.1", port=ports, user="app", dbname=database) as connection:
            assert connection.info.port == postgres.port

    def test_the_next_address_is_tried(self, proxy, upstream, database):
        process = proxy(upstream=f"127.0.0.1:{free_port()}, {upstream}")
        with process.connect(database) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_a_server_that_dies_ends_its_sessions_and_a_new_one_is_used(self, proxy):
        server = PostgresServer().start()
        try:
            process = proxy(upstream=f"127.0.0.1:{server.port}")
            with WireClient(("127.0.0.1", process.port)) as client:
                client.log_in(user="postgres", database="postgres")
                server.stop_process()
                (goodbye,) = client.read_until_closed()
                assert goodbye.fields["C"] in ("57P01", "08006")
            with WireClient(("127.0.0.1", process.port)) as client:
                (refusal,) = client.log_in(user="postgres", database="postgres")
                assert refusal.fields["C"] == "57P03"
            server.start_process()
            with process.connect("postgres", user="postgres") as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
        finally:
            server.stop()


class TestReplication:
    """A replication connection is a pipe: no policy, no look-up, nothing inspected (1.17)."""

    POLICY = "- {name: p, table: public.t, constraint: t_pkey, action: do_nothing}\n"

    def test_identify_system(self, proxy, database):
        connection_string = (
            f"host=127.0.0.1 port={proxy(self.POLICY).port} user=postgres dbname={database} replication=database"
        )
        command = [PROGRAMS / "psql", connection_string, "-Atc", "IDENTIFY_SYSTEM"]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert output.strip().endswith(f"|{database}")

    def test_logical_decoding_streams(self, proxy, direct, database, tmp_path):
        port = proxy(self.POLICY).port
        direct.execute("CREATE TABLE t (id int PRIMARY KEY)")
        slot = [PROGRAMS / "pg_recvlogical", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", database,
                "-S", "through_the_proxy", "-P", "test_decoding"]  # fmt: skip
        subprocess.run([*slot, "--create-slot"], check=True)
        out = tmp_path / "out"
        receiver = subprocess.Popen([*slot, "--start", "-f", str(out), "-F", "0"])
        try:
            direct.execute("INSERT INTO t SELECT generate_series(1, 100)")
            wait_until(lambda: out.exists() and "id[integer]:100" in out.read_text(), "the rows were decoded")
        finally:
            receiver.terminate()
            receiver.wait(10)
            wait_until(
                lambda: not direct.execute("SELECT 1 FROM pg_replication_slots WHERE active").fetchone(), "slot is free"
            )
            direct.execute("SELECT pg_drop_replication_slot('through_the_proxy')")


def test_half_closed_clients_still_get_their_answer(proxy, database):
    with WireClient(("127.0.0.1", proxy().port)) as client:
        client.log_in(database=database)
        client.send(messages.query("SELECT repeat('x', 100000) FROM generate_series(1, 50)"))
        client.socket.shutdown(socket.SHUT_WR)
        received = client.read_until_closed()
        assert [m.kind for m in received].count("D") == 50 and received[-1].kind == "Z"


def test_notifications_arrive_while_idle(proxy, direct, database):
    with WireClient(("127.0.0.1", proxy().port)) as client:
        client.log_in(database=database)
        client.query("LISTEN news")
        direct.execute("NOTIFY news, 'unasked'")
        message = client.read_message()
        assert message.kind == "A" and message.body[4:] == b"news\0unasked\0"


def test_a_session_ended_by_the_administrator_hears_so_at_once(proxy, direct, database):
    with WireClient(("127.0.0.1", proxy().port)) as client:
        client.log_in(database=database)
        direct.execute("SELECT pg_terminate_backend(%s)", [client.pid])
        (goodbye,) = client.read_until_closed()
        assert goodbye.fields["C"] == "57P01"


def test_terminate_ends_the_backend(proxy, direct, database):
    with WireClient(("127.0.0.1", proxy().port)) as client:
        client.log_in(database=database)
        client.send(messages.TERMINATE)
        assert client.read_until_closed() == []
    ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'app'"
    wait_until(lambda: direct.execute(ours).fetchone() == (0,), "the backend is gone")


def test_a_client_that_vanishes_takes_its_backend_along(proxy, direct, database):
    client = WireClient(("127.0.0.1", proxy().port))
    client.log_in(database=database)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()
    ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'app'"
    wait_until(lambda: direct.execute(ours).fetchone() == (0,), "the backend is gone")


@pytest.mark.memory
def test_a_slow_reader_does_not_fill_the_memory(proxy, database):
    process = proxy()
    with WireClient(("127.0.0.1", process.port), timeout=30) as client:
        client.log_in(database=database)
        before = process.memory_mb()
        client.send(messages.query("SELECT repeat('x', 100000) FROM generate_series(1, 2000)"))
        readable, _, _ = select.select([client.socket], [], [], 10)
        assert readable
        time.sleep(0.5)  # 200 MB would have arrived by now if nobody held them back
        assert process.memory_mb() - before < 40
        received = client.read_until_ready()
        assert sum(m.kind == "D" for m in received) == 2000


def test_a_large_statement_and_a_large_result_pass(proxy, database):
    with proxy().connect(database) as connection:
        text = "x" * (20 << 20)
        assert connection.execute("SELECT length(%s)", [text]).fetchone() == (len(text),)
        assert connection.execute("SELECT repeat('y', 20000000)").fetchone()[0] == "y" * 20_000_000


def test_both_directions_may_be_busy_at_once(proxy, database):
    """20 MB of statements before the first byte is read: no deadlock (7.3)."""
    with WireClient(("127.0.0.1", proxy().port), timeout=40) as client:
        client.log_in(database=database)
        one = messages.parse("SELECT $1::text") + messages.bind(["z" * 20000]) + messages.execute()
        writer = threading.Thread(target=client.send, args=(one * 1000, messages.SYNC))
        writer.start()
        received = client.read_until_ready()
        writer.join()
        assert sum(m.kind == "D" for m in received) == 1000


def test_sixty_four_clients_at_once(proxy, direct, database):
    direct.execute("CREATE TABLE hits (client int, n int)")
    process = proxy()

    async def client(number):
        connection = await psycopg.AsyncConnection.connect(
            host="127.0.0.1", port=process.port, user="app", dbname=database, autocommit=True
        )
        async with connection:
            for n in range(10):
                await connection.execute("INSERT INTO hits VALUES (%s, %s)", (number, n))
            cursor = await connection.execute("SELECT count(*) FROM hits WHERE client = %s", (number,))
            return (await cursor.fetchone())[0]

    async def all_clients():
        return await asyncio.gather(*(client(number) for number in range(64)))

    assert asyncio.run(all_clients()) == [10] * 64
    assert process.metrics().total("client_connections_total") >= 64


def test_the_limit_of_clients_is_told_after_the_start_up_packet(proxy, database):
    process = proxy(more="limits: {max_clients: 2}\n")
    with WireClient(("127.0.0.1", process.port)) as one, WireClient(("127.0.0.1", process.port)) as two:
        assert one.log_in(database=database)[-1].kind == two.log_in(database=database)[-1].kind == "Z"
        with WireClient(("127.0.0.1", process.port)) as three:
            (refusal,) = three.log_in(database=database)
            assert refusal.fields["C"] == "53300" and refusal.fields["V"] == "FATAL"
        one.send(messages.TERMINATE)
        one.read_until_closed()

        def admitted():
            with WireClient(("127.0.0.1", process.port)) as again:
                return again.log_in(database=database)[-1].kind == "Z"

        wait_until(admitted, "the place of a client that left is free again")


class TestDrain:
    def test_idle_sessions_end_with_57p01(self, proxy, database):
        process = proxy()
        with WireClient(("127.0.0.1", process.port)) as client:
            client.log_in(database=database)
            process.process.terminate()
            received = client.read_until_closed()
            assert [m.fields["C"] for m in received] == ["57P01"]
            assert process.process.wait(10) == 0

    def test_a_transaction_may_finish(self, proxy, direct, database):
        direct.execute("CREATE TABLE t (id int)")
        process = proxy()
        with WireClient(("127.0.0.1", process.port)) as client:
            client.log_in(database=database)
            client.query("BEGIN")
            process.process.terminate()
            wait_until(lambda: refuses(process), "the listener is closed")
            client.query("INSERT INTO t VALUES (1)")
            assert "C" in [m.kind for m in client.query("COMMIT")]
            assert [m.fields["C"] for m in client.read_until_closed()] == ["57P01"]
            assert process.process.wait(10) == 0
        assert direct.execute("SELECT count(*) FROM t").fetchone() == (1,)

    def test_a_second_signal_stops_at_once(self, proxy, database):
        process = proxy()
        with WireClient(("127.0.0.1", process.port)) as client:
            client.log_in(database=database)
            client.query("BEGIN")
            process.process.terminate()
            wait_until(lambda: refuses(process), "the drain began")
            process.process.terminate()
            process.process.wait(10)
            client.read_until_closed()


def refuses(process):
    """Draining: a new client is refused or told 57P03."""
    try:
        with WireClient(("127.0.0.1", process.port), timeout=2) as client:
            return client.log_in()[-1].fields.get("C") in ("57P03", "57P01")
    except (OSError, EOFError):
        return True
