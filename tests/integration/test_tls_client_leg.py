"""TLS towards the client: who is let in, direct TLS, clients that break the handshake, the end of a connection."""

import contextlib
import os
import socket
import ssl
import subprocess
import time

import psycopg
import pytest
from harness import messages
from harness.certificates import Authority
from harness.postgres_server import PROGRAMS
from harness.tls_clients import SSL_IN_USE, BioClient, TlsWireClient, client_context, listener, lives
from harness.waiting import wait_until
from harness.wire_client import WireClient


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
        command = [PROGRAMS / "psql", "-XAtc", "SELECT 'through'", target]
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
