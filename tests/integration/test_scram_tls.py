"""auth: {mode: scram} with TLS: channel binding with another certificate on each leg (protocol.md 2.7, 2.8)."""

import ssl
import struct
import subprocess

import psycopg
import pytest
from conftest import proxies
from harness import messages
from harness.postgres_server import PROGRAMS
from harness.wire_client import WireClient


@pytest.fixture(scope="module")
def users_file(tls_server, tmp_path_factory):
    with tls_server.connect() as connection:
        (verifier,) = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'scram_role'").fetchone()
    path = tmp_path_factory.mktemp("users") / "users.txt"
    path.write_text(f'"scram_role" "{verifier}"\n')
    return path


@pytest.fixture(scope="module")
def start_proxy():
    yield from proxies("127.0.0.1:1")


@pytest.fixture(scope="module")
def start(start_proxy, tls_server, authority, users_file):
    """A proxy that ends SCRAM, with one listener for clients with and without TLS."""

    def make(identity, upstream_mode):
        ca = f', ca: "{authority.cert}"' if upstream_mode.startswith("verify") else ""
        listener = f'"127.0.0.1:0"\n    tls: {{mode: allow, cert: "{identity.cert}", key: "{identity.key}"}}'
        return start_proxy(
            upstream=f"127.0.0.1:{tls_server.port}", upstream_more=f"tls: {{mode: {upstream_mode}{ca}}}",
            listen=(listener,), more=f"auth: {{mode: scram, users_file: {users_file}}}\n",
        )  # fmt: skip

    return make


@pytest.fixture(scope="module")
def ports(start, authority):
    """By whether the leg to the server has TLS."""
    ours = authority.issue("proxy")
    return {True: start(ours, "verify-full").port, False: start(ours, "disable").port}


def outcome(port, sslmode, binding, password="scram_role"):
    try:
        with psycopg.connect(
            host="127.0.0.1", port=port, user="scram_role", password=password, dbname="postgres",
            sslmode=sslmode, channel_binding=binding,
        ) as connection:  # fmt: skip
            return connection.execute("SELECT current_user").fetchone()[0]
    except psycopg.OperationalError as error:
        return str(error)


@pytest.mark.parametrize("binding", ["disable", "prefer", "require"])
@pytest.mark.parametrize("server_tls", [True, False])
def test_a_client_with_tls_logs_in_with_every_channel_binding(server_tls, binding, ports):
    assert outcome(ports[server_tls], "require", binding) == "scram_role"


@pytest.mark.parametrize("server_tls", [True, False])
def test_a_client_without_tls_logs_in_unless_it_requires_channel_binding(server_tls, ports):
    for binding in ("disable", "prefer"):
        assert outcome(ports[server_tls], "disable", binding) == "scram_role"
    assert "channel binding required" in outcome(ports[server_tls], "disable", "require")


@pytest.mark.parametrize("binding", ["disable", "prefer", "require"])
def test_psql_of_libpq_15_logs_in_with_every_channel_binding(binding, ports):
    target = (
        f"host=127.0.0.1 port={ports[True]} user=scram_role dbname=postgres sslmode=require channel_binding={binding}"
    )
    run = subprocess.run(
        [PROGRAMS / "psql", "-X", target, "-Atc", "SELECT current_user"],
        capture_output=True, text=True, timeout=30, env={"PGPASSWORD": "scram_role", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert run.stdout == "scram_role\n", run.stderr


def test_a_wrong_password_is_refused_with_tls_on_both_legs(ports):
    assert 'password authentication failed for user "scram_role"' in outcome(
        ports[True], "require", "require", password="wrong"
    )


def over_tls(port):
    client = WireClient(("127.0.0.1", port))
    client.send(messages.SSL_REQUEST)
    assert client.read_exactly(1) == b"S"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client.socket = context.wrap_socket(client.socket)
    return client


def test_a_client_that_was_shown_another_list_is_refused(ports):
    with over_tls(ports[True]) as client:
        client.send(messages.startup(user="scram_role", database="postgres"))
        assert client.read_message().body == b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"
        first = b"y,,n=,r=abcdefgh"  # it could, but thinks we cannot: somebody took the offer away
        body = b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first
        client.send(b"p" + struct.pack("!I", len(body) + 4) + body)
        (refusal,) = client.read_until_closed()
    assert refusal.fields["C"] == "28000" and refusal.fields["M"] == "SCRAM channel binding negotiation error"
