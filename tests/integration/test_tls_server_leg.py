"""TLS towards the server: what is verified, servers that break the handshake; cancels over every leg."""

import contextlib
import socket
import threading
import time

import psycopg
import pytest
from conftest import proxies
from harness import messages
from harness.certificates import Authority
from harness.tls_clients import SSL_IN_USE, TlsWireClient, client_context, told
from harness.tls_server import TlsPostgresServer
from harness.waiting import wait_until
from harness.wire_client import WireClient


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
