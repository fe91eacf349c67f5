"""TLS on each leg with real certificates: who is let in, what is verified, reload, cancel, large transfers, and peers
that break the handshake. Which log-in works on which mix of legs is in test_tls_matrix.py."""

import contextlib
import os
import pathlib
import select
import signal
import socket
import ssl
import subprocess
import threading
import time

import psycopg
import pytest
from conftest import proxies
from harness import messages
from harness.certificates import Authority
from harness.ports import free_port
from harness.postgres_server import BINARIES
from harness.proxy_process import binary, configuration
from harness.tls_server import TlsPostgresServer
from harness.waiting import wait_until
from harness.wire_client import WireClient


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def ours(authority):
    return authority.issue("proxy")


@pytest.fixture(scope="module")
def tls_server(authority):
    server = TlsPostgresServer(authority, authority.issue("server"))
    try:
        yield server.start()
    finally:
        server.stop()


def listener(identity, mode="require", address='"127.0.0.1:0"', more=""):
    return f'{address}\n    tls: {{mode: {mode}, cert: "{identity.cert}", key: "{identity.key}"{more}}}'


@pytest.fixture
def secure_proxy(proxy, ours):
    """TLS towards the client, none towards the server."""
    return lambda mode="require", more="", **options: proxy(listen=[listener(ours, mode, more=more)], **options)


@pytest.fixture
def securing_proxy(tls_server):
    """TLS towards the server, none towards the client."""
    start = proxies(f"127.0.0.1:{tls_server.port}")
    function = next(start)
    yield lambda tls, **options: function(upstream_more=f"tls: {{{tls}}}", **options)
    with contextlib.suppress(StopIteration):
        next(start)


def client_context(authority=None, alpn=()):
    context = ssl.create_default_context(cafile=authority.cert if authority else None)
    if not authority:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


class TlsWireClient(WireClient):
    """`direct` skips the SSLRequest."""

    def __init__(self, port, context, direct=False, timeout=30.0):
        super().__init__(("127.0.0.1", port), timeout)
        if not direct:
            self.send(messages.SSL_REQUEST)
            assert self.read_exactly(1) == b"S"
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")


class BioClient(WireClient):
    """Shows the ciphertext: TLS over memory, the socket in the test's hands."""

    def __init__(self, port, request=messages.SSL_REQUEST, timeout=30.0):
        super().__init__(("127.0.0.1", port), timeout)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = client_context().wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        self.socket.sendall(request)

    def hello(self):
        return self.outgoing.read()

    def shake_hands(self, send):
        """After the `S`; `send` gets each flight."""
        assert self.socket.recv(1) == b"S"
        while True:
            send(self.outgoing.read())
            try:
                self.tls.do_handshake()
                return send(self.outgoing.read())
            except ssl.SSLWantReadError:
                self.incoming.write(self.socket.recv(1 << 16))

    def encrypted(self, plain):
        self.tls.write(plain)
        return self.outgoing.read()

    def send(self, *parts):
        self.socket.sendall(self.encrypted(b"".join(parts)))
        return self

    def read_exactly(self, size):
        while len(self.buffer) < size:
            try:
                plain = self.tls.read(1 << 16)
                if not plain:
                    raise EOFError
                self.buffer += plain
            except ssl.SSLWantReadError:
                data = self.socket.recv(1 << 16)
                if not data:
                    raise EOFError from None
                self.incoming.write(data)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data


SSL_IN_USE = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


class TestClientLeg:
    def test_verify_full_sees_the_proxys_certificate(self, secure_proxy, authority, database):
        process = secure_proxy()
        with process.connect(database, sslmode="verify-full", sslrootcert=authority.cert) as connection:
            assert connection.pgconn.ssl_in_use
            assert connection.execute(SSL_IN_USE).fetchone() == (False, None)
        assert process.metrics().total("client_connections_total", database=database, tls="yes") == 1

    @pytest.mark.parametrize("direct", [False, True])
    def test_libpq_negotiates_and_goes_direct(self, direct, secure_proxy, authority, database):
        options = {"sslmode": "verify-full", "sslrootcert": authority.cert}
        if direct:
            assert psycopg.pq.version() >= 170000, "psycopg-binary brings a libpq that knows direct TLS"
            options["sslnegotiation"] = "direct"
        with secure_proxy().connect(database, **options) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_psql_15(self, secure_proxy, authority, database):
        target = (
            f"host=localhost hostaddr=127.0.0.1 port={secure_proxy().port} user=app dbname={database} "
            f"sslmode=verify-full sslrootcert={authority.cert}"
        )
        command = [BINARIES / "psql", "-XAtc", "SELECT 'through'", target]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "through\n"

    def test_allow_lets_both_in(self, secure_proxy, database):
        process = secure_proxy("allow")
        for mode, encrypted in (("disable", False), ("require", True)):
            with process.connect(database, sslmode=mode) as connection:
                assert connection.pgconn.ssl_in_use == encrypted

    def test_require_refuses_plaintext_with_28000(self, secure_proxy, database):
        with WireClient(("127.0.0.1", secure_proxy().port)) as client:
            (refusal,) = client.log_in(database=database)
            assert refusal.fields["C"] == "28000" and "TLS" in refusal.fields["M"]

    def test_a_certificate_of_the_authority_is_required(self, secure_proxy, authority, ours, database, tmp_path):
        process = secure_proxy(more=f', client_ca: "{authority.cert}"')
        known = authority.issue("client", "anybody", ())
        stranger = Authority(tmp_path, "stranger").issue("other", "anybody", ())

        def log_in(**options):
            with process.connect(database, sslmode="require", **options) as connection:
                return connection.execute("SELECT 1").fetchone()

        assert log_in(sslcert=known.cert, sslkey=known.key) == (1,)
        with pytest.raises(psycopg.OperationalError, match="connection requires a valid client certificate"):
            log_in(sslcert="", sslkey="")
        with pytest.raises(psycopg.OperationalError, match="unknown ca|closed|reset"):
            log_in(sslcert=stranger.cert, sslkey=stranger.key)
        failures = process.metrics()
        assert failures.total("client_connection_failures_total", reason="certificate") == 1
        assert failures.total("client_connection_failures_total", reason="tls") == 1

    def test_tls_1_1_is_not_spoken(self, secure_proxy):
        port = secure_proxy().port
        command = ["openssl", "s_client", "-starttls", "postgres", "-connect", f"127.0.0.1:{port}", "-tls1_1"]
        assert subprocess.run(command, capture_output=True, input=b"").returncode != 0
        assert subprocess.run([*command[:-1], "-tls1_2"], capture_output=True, input=b"").returncode == 0
        assert subprocess.run([*command[:-1], "-tls1_3"], capture_output=True, input=b"").returncode == 0

    def test_renegotiation_is_refused_and_costs_nobody_else(self, secure_proxy, database):
        process = secure_proxy()
        command = ["openssl", "s_client", "-starttls", "postgres", "-connect", f"127.0.0.1:{process.port}", "-tls1_2"]
        run = subprocess.run(command, capture_output=True, input=b"R\n", timeout=20)
        assert b"no renegotiation" in run.stderr + run.stdout
        with process.connect(database, sslmode="require") as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)

    @pytest.mark.parametrize("kind", ["rsa", "ed25519"])
    def test_other_kinds_of_keys(self, kind, proxy, authority, database):
        with proxy(listen=[listener(authority.issue(f"proxy-{kind}", kind=kind))]).connect(
            database, sslmode="verify-full", sslrootcert=authority.cert
        ) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_a_unix_socket_answers_no(self, proxy, ours, database, tmp_path):
        process = proxy(listen=[listener(ours), f"unix:{tmp_path}/.s.PGSQL.5432"])
        path = next(a for a in process.listeners if a.startswith("unix:")).removeprefix("unix:")
        with WireClient(path) as client:
            assert client.send(messages.SSL_REQUEST).read_exactly(1) == b"N"
            assert client.log_in(database=database)[-1].kind == "Z"


class TestDirectTls:
    """protocol.md 1.1 to 1.3."""

    def test_alpn_is_chosen(self, secure_proxy, database):
        with TlsWireClient(secure_proxy().port, client_context(alpn=["http/1.1", "postgresql"]), direct=True) as client:
            assert client.socket.selected_alpn_protocol() == "postgresql"
            client.send(messages.SSL_REQUEST)
            assert client.read_exactly(1) == b"N"
            assert client.log_in(database=database)[-1].kind == "Z"

    def test_without_alpn_it_is_dropped(self, secure_proxy, database):
        process = secure_proxy()
        with TlsWireClient(process.port, client_context(), direct=True) as client:
            client.send(messages.startup(user="app", database=database))
            assert client.read_until_closed() == []
        assert process.metrics().total("client_connection_failures_total", reason="tls") == 1

    def test_another_protocol_is_refused_by_alert(self, secure_proxy):
        port = secure_proxy().port
        for direct in (True, False):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                TlsWireClient(port, client_context(alpn=["http/1.1"]), direct=direct)

    def test_a_listener_without_tls_closes(self, proxy):
        with pytest.raises((ssl.SSLError, OSError)):
            TlsWireClient(proxy().port, client_context(alpn=["postgresql"]), direct=True)


def lives(process, database, **options):
    with process.connect(database, **{"sslmode": "require", **options}) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


class TestBrokenClients:
    def read_to_end(self, client):
        data = b""
        with contextlib.suppress(ConnectionError):
            while more := client.socket.recv(1 << 16):
                data += more
        return data

    @pytest.mark.parametrize(
        "stuffed",
        [
            messages.startup(user="app", database="postgres") + messages.query("SELECT 1"),
            messages.SSL_REQUEST,
            b"\x16\x03\x01" + b"x" * 400,
        ],
    )
    def test_plaintext_behind_the_ssl_request_is_refused(self, stuffed, secure_proxy, direct, database):
        """CVE-2021-23214: it reaches neither the parser nor the server."""
        process = secure_proxy("allow")
        with WireClient(("127.0.0.1", process.port)) as client:
            client.send(messages.SSL_REQUEST, stuffed)
            answer = self.read_to_end(client)
            assert answer[:1] == b"S" and answer[1:2] in (b"", b"\x15")  # 0x15: an alert
        ours = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'"
        assert direct.execute(ours).fetchone() == (0,)
        assert process.metrics().total("client_connection_failures_total", reason="tls") == 1
        assert lives(process, database)

    def test_an_early_client_hello_is_taken(self, secure_proxy, database):
        """PostgreSQL 17 documents it (1.5)."""
        with BioClient(secure_proxy().port, b"") as client:
            client.socket.sendall(messages.SSL_REQUEST + client.hello())
            client.shake_hands(client.socket.sendall)
            assert client.log_in(database=database)[-1].kind == "Z"

    def test_garbage_after_the_answer(self, secure_proxy, database):
        process = secure_proxy()
        with WireClient(("127.0.0.1", process.port)) as client:
            client.send(messages.SSL_REQUEST)
            assert client.read_exactly(1) == b"S"
            client.send(os.urandom(5000))
            self.read_to_end(client)
        assert lives(process, database)

    def test_garbage_inside_the_encrypted_stream(self, secure_proxy, database):
        process = secure_proxy()
        client = TlsWireClient(process.port, client_context())
        client.log_in(database=database)
        raw = socket.socket(fileno=os.dup(client.socket.fileno()))
        raw.settimeout(10)
        raw.sendall(b"\x17\x03\x03\x00\x40" + os.urandom(64))
        with contextlib.suppress(ConnectionError):
            while raw.recv(1 << 16):
                pass
        raw.close()
        client.socket.close()
        assert lives(process, database)

    def test_half_a_client_hello_and_silence_is_ended(self, secure_proxy, database):
        """The deadline of a handshake is 10 s, looked at once a second."""
        process = secure_proxy()
        with WireClient(("127.0.0.1", process.port), timeout=30) as client:
            client.send(messages.SSL_REQUEST, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            assert client.read_exactly(1) == b"S"
            started = time.monotonic()
            assert lives(process, database)
            self.read_to_end(client)
            assert 5 < time.monotonic() - started < 20
        assert process.metrics().total("client_connection_failures_total", reason="tls") == 1

    def test_more_handshakes_than_places_wait_their_turn(self, secure_proxy, database):
        """200 at once on one worker; the 300 behind them are served when those are given up."""
        process = secure_proxy(more="")
        stuck = [WireClient(("127.0.0.1", process.port)) for _ in range(520)]
        try:
            for client in stuck:
                client.send(messages.SSL_REQUEST)
                assert client.read_exactly(1) == b"S"
            wait_until(lambda: lives(process, database, connect_timeout=60), "somebody else is served", 40)
        finally:
            for client in stuck:
                client.socket.close()

    def test_a_handshake_cut_byte_by_byte(self, secure_proxy, database):
        with BioClient(secure_proxy().port) as client:

            def send_slowly(flight):
                for byte in flight:
                    client.socket.sendall(bytes([byte]))

            client.shake_hands(send_slowly)
            send_slowly(client.encrypted(messages.startup(user="app", database=database)))
            assert client.read_until("Z")[-1].kind == "Z"


class TestClosing:
    def test_close_notify_ends_the_backend(self, secure_proxy, direct, database):
        client = TlsWireClient(secure_proxy().port, client_context())
        client.log_in(database=database)
        client.socket.unwrap().close()
        ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'app'"
        wait_until(lambda: direct.execute(ours).fetchone() == (0,), "the backend is gone")

    def test_the_last_words_arrive_and_close_notify_after_them(self, secure_proxy, database):
        """A FATAL behind unread input: the lingering close of 7.5, inside TLS."""
        with TlsWireClient(secure_proxy().port, client_context()) as client:
            client.log_in(database=database)
            client.send(b"\xff" * 100_000)
            assert [message.fields["C"] for message in client.read_until_closed()] == ["08P01"]

    def test_terminate_is_answered_by_close_notify(self, secure_proxy, database):
        with TlsWireClient(secure_proxy().port, client_context()) as client:
            client.socket.suppress_ragged_eofs = False
            client.log_in(database=database)
            client.send(messages.TERMINATE)
            assert client.socket.recv(1) == b""  # a missing close_notify would raise


class TestLargeTransfers:
    def test_large_values_both_ways(self, secure_proxy, database):
        with secure_proxy().connect(database, sslmode="require") as connection:
            text = "x" * (20 << 20)
            assert connection.execute("SELECT length(%s)", [text]).fetchone() == (len(text),)
            assert connection.execute("SELECT repeat('y', 20000000)").fetchone()[0] == "y" * 20_000_000

    def test_twenty_megabytes_are_sent_before_the_first_byte_is_read(self, secure_proxy, database):
        with BioClient(secure_proxy().port, timeout=90) as client:
            client.shake_hands(client.socket.sendall)
            client.log_in(database=database)
            one = messages.parse("SELECT $1::text") + messages.bind(["z" * 20000]) + messages.execute()
            ciphertext = client.encrypted(one * 1000 + messages.SYNC)
            writer = threading.Thread(target=client.socket.sendall, args=(ciphertext,))
            writer.start()
            received = client.read_until_ready()
            writer.join()
            assert sum(m.kind == "D" for m in received) == 1000

    def test_a_slow_reader_does_not_fill_the_memory(self, secure_proxy, database):
        process = secure_proxy()
        with TlsWireClient(process.port, client_context(), timeout=90) as client:
            client.log_in(database=database)
            before = memory_mb(process)
            client.send(messages.query("SELECT repeat('x', 100000) FROM generate_series(1, 400)"))
            select.select([client.socket], [], [], 20)
            time.sleep(0.5)  # 40 MB would have arrived by now if nobody held them back
            assert memory_mb(process) - before < 15
            assert sum(m.kind == "D" for m in client.read_until_ready()) == 400

    def test_the_servers_leg(self, securing_proxy, tls_server):
        database = tls_server.fresh_database("large")
        with securing_proxy("mode: require").connect(database) as connection:
            text = "x" * (20 << 20)
            assert connection.execute("SELECT length(%s)", [text]).fetchone() == (len(text),)
            assert connection.execute("SELECT repeat('y', 20000000)").fetchone()[0] == "y" * 20_000_000
            assert connection.execute(SSL_IN_USE).fetchone() == (True, "TLSv1.3")


def memory_mb(process):
    status = pathlib.Path(f"/proc/{process.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def told(start):
    """The SQLSTATE with which a log-in ends, or Z."""
    with WireClient(("127.0.0.1", start.port)) as client:
        last = client.log_in(database="postgres")[-1]
        return last.fields["C"] if last.kind == "E" else last.kind


class TestServerLeg:
    def test_verify_full(self, securing_proxy, authority):
        assert told(securing_proxy(f'mode: verify-full, ca: "{authority.cert}"')) == "Z"

    def test_a_host_name_is_verified_and_sent(self, securing_proxy, authority, tls_server):
        process = securing_proxy(f'mode: verify-full, ca: "{authority.cert}"', upstream=f"localhost:{tls_server.port}")
        assert told(process) == "Z"

    def test_another_authority_is_refused(self, securing_proxy, tmp_path):
        stranger = Authority(tmp_path, "stranger")
        for mode in ("require", "verify-ca", "verify-full"):
            process = securing_proxy(f'mode: {mode}, ca: "{stranger.cert}"')
            assert told(process) == "57P03"
            assert "certificate verify failed" in process.output()
            assert process.metrics().total("upstream_connect_failures_total", reason="tls") >= 1

    @pytest.mark.parametrize(
        ("names", "days", "works"),
        [
            (("DNS:elsewhere.example",), 2, {"verify-ca"}),
            (("IP:127.0.0.2",), 2, {"verify-ca"}),
            (("DNS:localhost", "IP:127.0.0.1"), -1, set()),
        ],
        ids=["wrong name", "wrong address", "expired"],
    )
    def test_what_the_certificate_says(self, names, days, works, authority, tmp_path):
        server = TlsPostgresServer(authority, authority.issue("odd", "odd", names, days=days)).start()
        start = proxies(f"127.0.0.1:{server.port}")
        function = next(start)
        try:
            for mode in ("verify-ca", "verify-full"):
                process = function(upstream_more=f'tls: {{mode: {mode}, ca: "{authority.cert}"}}')
                assert told(process) == ("Z" if mode in works else "57P03"), mode
            assert told(function(upstream_more="tls: {mode: require}")) == "Z"
        finally:
            with contextlib.suppress(StopIteration):
                next(start)
            server.stop()

    def test_our_certificate_logs_us_in(self, securing_proxy, authority):
        client = authority.issue("cert_role", "cert_role", ())
        process = securing_proxy(f'mode: require, cert: "{client.cert}", key: "{client.key}"')
        with process.connect("postgres", user="cert_role") as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("cert_role",)

    def test_a_server_without_tls(self, proxy, upstream):
        assert told(proxy(upstream_more="tls: {mode: prefer}")) == "Z"
        process = proxy(upstream_more="tls: {mode: require}")
        assert told(process) == "57P03"
        assert "the server has no TLS" in process.output()

    def test_a_unix_socket_has_no_tls_and_needs_none(self, proxy, postgres):
        path = f'"unix:{postgres.folder}/.s.PGSQL.{postgres.port}"'
        assert told(proxy(upstream=path, upstream_more="tls: {mode: require}")) == "Z"

    def test_prefer_goes_on_in_the_clear_when_the_handshake_fails(self, securing_proxy, tmp_path):
        stranger = Authority(tmp_path, "stranger")
        with securing_proxy(f'mode: prefer, ca: "{stranger.cert}"').connect("postgres") as connection:
            assert connection.execute(SSL_IN_USE).fetchone() == (False, None)


class FakeServer:
    """Answers the SSLRequest of each connection with the same bytes and then keeps silent."""

    def __init__(self, answer):
        self.answer = answer
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.connections, self.received = [], []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def port(self):
        return self.listening.getsockname()[1]

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                self.connections.append(connection)
                self.received.append(connection.recv(8, socket.MSG_WAITALL))
                connection.sendall(self.answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listening.close()
        for connection in self.connections:
            connection.close()


class TestBrokenServers:
    @pytest.mark.parametrize(
        ("answer", "log"),
        [
            (b"S" + b"R\0\0\0\x08\0\0\0\0", "unencrypted data after the answer"),  # CVE-2021-23222
            (b"N", "the server has no TLS"),
            (b"E\0\0\0\x10SFATAL\0secret\0\0", "does not answer the SSL request"),
            (b"?", "does not answer the SSL request"),
        ],
    )
    def test_an_answer_that_is_none_is_not_gone_on_with(self, answer, log, proxy):
        with FakeServer(answer) as server:
            process = proxy(upstream=f"127.0.0.1:{server.port}", upstream_more="tls: {mode: require}")
            with WireClient(("127.0.0.1", process.port)) as client:
                (refusal,) = client.log_in()
                assert refusal.fields["C"] == "57P03" and "secret" not in refusal.body.decode()
            assert server.received[0] == messages.SSL_REQUEST
            assert log in process.output() and "secret" not in process.output()

    def test_a_server_that_never_finishes_the_handshake_meets_the_connect_timeout(self, proxy):
        with FakeServer(b"S") as server:
            process = proxy(
                upstream=f"127.0.0.1:{server.port}", upstream_more="tls: {mode: require}\n  connect_timeout: 1s"
            )
            started = time.monotonic()
            assert told(process) == "57P03"
            assert time.monotonic() - started < 8


class TestReload:
    def certificate_of(self, process):
        with TlsWireClient(process.port, client_context()) as client:
            return client.socket.getpeercert(binary_form=True)

    def der(self, identity):
        return ssl.PEM_cert_to_DER_cert(identity.cert.read_text())

    def test_a_renewed_certificate_is_shown_without_a_restart(self, proxy, authority, database):
        identity = authority.issue("renewed-in-place")
        process = proxy(listen=[listener(identity)])
        old = self.der(identity)
        assert self.certificate_of(process) == old
        with process.connect(database, sslmode="require") as before:
            identity.replace_by(authority.issue("next"))
            process.rewrite_config(process.config_path.read_text())
            assert self.certificate_of(process) == self.der(identity) != old
            assert before.execute("SELECT 1").fetchone() == (1,)

    @pytest.mark.parametrize("damage", ["key of another", "no certificate", "gone"])
    def test_what_cannot_be_used_is_refused_and_the_old_one_stays(self, damage, proxy, authority, database):
        identity = authority.issue("damaged")
        process = proxy(listen=[listener(identity)])
        old = self.der(identity)
        if damage == "key of another":
            identity.key.write_bytes(authority.issue("another").key.read_bytes())
        elif damage == "no certificate":
            identity.cert.write_text("nothing\n")
        else:
            identity.key.unlink()
        process.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "reload failed" in process.output(), "the reload is refused")
        assert process.metrics().total("config_last_reload_successful") == 0
        assert self.certificate_of(process) == old

    def test_the_authorities_towards_the_server_are_read_again(self, securing_proxy, authority, tmp_path):
        ca = tmp_path / "ca.crt"
        ca.write_bytes(Authority(tmp_path, "stranger").cert.read_bytes())
        process = securing_proxy(f'mode: verify-full, ca: "{ca}"')
        assert told(process) == "57P03"
        ca.write_bytes(authority.cert.read_bytes())
        process.rewrite_config(process.config_path.read_text())
        assert told(process) == "Z"


class TestFilesThatCannotBeUsed:
    @pytest.mark.parametrize("verb", ["check", "run"])
    @pytest.mark.parametrize(
        ("break_it", "says"),
        [
            (lambda i, a: i.key.write_bytes(a.issue("another").key.read_bytes()), "is not the key of the certificate"),
            (lambda i, a: i.key.unlink(), "cannot be read: No such file"),
            (lambda i, a: i.cert.write_text("x"), "holds no certificate"),
            (lambda i, a: i.key.write_text("x"), "holds no private key"),
        ],
    )
    def test_each_is_an_error_with_its_setting(self, verb, break_it, says, authority, tmp_path):
        identity = authority.issue("broken")
        break_it(identity, authority)
        path = tmp_path / "pgconcord.yaml"
        path.write_text(configuration("127.0.0.1:5432", listen=[listener(identity)]))
        run = subprocess.run([binary(), verb, "--config", path], capture_output=True, text=True, timeout=20)
        assert run.returncode == 1
        assert f"{path}:4" in run.stderr and "listen[0].tls." in run.stderr and says in run.stderr

    def test_an_expired_certificate_is_a_warning(self, authority, tmp_path):
        identity = authority.issue("old", days=-1)
        path = tmp_path / "pgconcord.yaml"
        path.write_text(configuration("127.0.0.1:5432", listen=[listener(identity)]))
        for strict, status in (([], 0), (["--strict"], 1)):
            run = subprocess.run([binary(), "check", *strict, "--config", path], capture_output=True, text=True)
            assert run.returncode == status and "has expired" in run.stdout


class TestCancel:
    """protocol.md 1.8, 3.1 to 3.4."""

    def cancelled(self, connection, truth, cancel):
        sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        canceller = threading.Thread(
            target=lambda: (wait_until(lambda: truth.execute(sleeping).fetchone(), "it runs"), cancel())
        )
        canceller.start()
        try:
            with pytest.raises(psycopg.errors.QueryCanceled):
                connection.execute("SELECT pg_sleep(60)")
        finally:
            canceller.join()
        assert connection.execute("SELECT 1").fetchone() == (1,)

    @pytest.mark.parametrize("negotiation", ["postgres", "direct"])
    @pytest.mark.parametrize("encrypted", [True, False])
    def test_from_a_tls_client(self, encrypted, negotiation, secure_proxy, direct, database):
        """Libpq 17 cancels over TLS; its old PQcancel, as psql's Ctrl-C, in plaintext even here."""
        options = {"sslmode": "require", "sslnegotiation": negotiation}
        with secure_proxy().connect(database, **options) as connection:
            self.cancelled(connection, direct, connection.cancel_safe if encrypted else connection.cancel)

    @pytest.mark.parametrize("mode", ["prefer", "require"])
    def test_to_a_tls_server(self, mode, securing_proxy, tls_server):
        with securing_proxy(f"mode: {mode}").connect("postgres") as connection, tls_server.connect() as truth:
            self.cancelled(connection, truth, connection.cancel_safe)

    @pytest.mark.parametrize("negotiation", ["postgres", "direct"])
    def test_through_a_second_proxy(self, negotiation, secure_proxy, proxy, authority, direct, database):
        """Client, plaintext; first proxy, TLS; second proxy, plaintext; server. A replica serves the cancel as well."""
        inner = secure_proxy()
        tls = f'tls: {{mode: verify-full, ca: "{authority.cert}", negotiation: {negotiation}}}'
        outer, replica = (proxy(upstream=f"127.0.0.1:{inner.port}", upstream_more=tls) for _ in range(2))
        with outer.connect(database) as connection:
            self.cancelled(connection, direct, connection.cancel_safe)
        with TlsWireClient(inner.port, client_context()) as client:
            client.log_in(database=database)
            client.send(messages.query("SELECT pg_sleep(60)"))
            sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            wait_until(lambda: direct.execute(sleeping).fetchone(), "it runs")
            with WireClient(("127.0.0.1", replica.port)) as canceller:
                canceller.send(messages.cancel_request(client.pid, client.key))
                assert canceller.read_until_closed() == []
            assert "57014" in [m.fields.get("C") for m in client.read_until_ready() if m.kind == "E"]


def test_the_start_fails_where_the_port_is_free_but_the_files_are_not_there(tmp_path):
    path = tmp_path / "pgconcord.yaml"
    text = configuration("127.0.0.1:5432", listen=[f"127.0.0.1:{free_port()}\n    tls: {{mode: require}}"])
    path.write_text(text)
    run = subprocess.run([binary(), "run", "--config", path], capture_output=True, text=True, timeout=20)
    assert run.returncode == 1 and "needs a certificate" in run.stderr
