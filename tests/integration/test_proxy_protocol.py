"""The PROXY protocol of load balancers: who the client is, and who may say so (protocol.md 1.22)."""

import socket
import struct

import pytest
from harness import messages
from harness.waiting import wait_until
from harness.wire_client import WireClient

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
VERSION_1 = b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 6432\r\n"


def version_2(command, family, block):
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(block)) + block


TCP4 = socket.inet_aton("203.0.113.7") + socket.inet_aton("10.0.0.1") + struct.pack("!HH", 4711, 6432)
TLV = b"\x04\x00\x03abc"
NAMED = [VERSION_1, version_2(0x21, 0x11, TCP4), version_2(0x21, 0x11, TCP4 + TLV)]
ANONYMOUS = [b"PROXY UNKNOWN\r\n", version_2(0x20, 0, b""), version_2(0x21, 0, b""), version_2(0x21, 0x31, b"x" * 216)]


@pytest.fixture
def balanced(proxy, upstream):
    """A proxy whose listener trusts these networks."""

    def start(trusted="127.0.0.0/8", more=""):
        listener = f"127.0.0.1:0\n    proxy_protocol: {{trusted: [{trusted}]}}"
        return proxy(listen=[listener], more="log: {level: debug}\n" + more)

    return start


@pytest.mark.parametrize("header", NAMED + ANONYMOUS)
@pytest.mark.parametrize("piece", [1, 10_000])
def test_a_session_begins_behind_the_header(header, piece, balanced, database):
    process = balanced()
    start = header + messages.startup(user="app", database=database)
    with WireClient(("127.0.0.1", process.port)) as client:
        for at in range(0, len(start), piece):
            client.send(start[at : at + piece])
        assert client.read_until("Z")[-1].kind == "Z"
        assert client.query("SELECT 1")[1].columns == [b"1"]
        named = (
            "client=203.0.113.7:4711" if header in NAMED else f"client={'unix' if b'xxx' in header else '127.0.0.1:'}"
        )
        wait_until(lambda: f"session ready {named}" in process.output(), "the log names the client")


def test_encryption_is_asked_for_behind_the_header(balanced, database):
    with WireClient(("127.0.0.1", balanced().port)) as client:
        client.send(VERSION_1, messages.SSL_REQUEST)
        assert client.read_exactly(1) == b"N"
        assert client.log_in(database=database)[-1].kind == "Z"


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 1.2.3.4\r\n",
        b"PROXY UNKNOWN " + b"x" * 200,
        SIGNATURE + b"\x21\x11\xff\xff",
        b"GET / HTTP/1.0\r\n\r\n",
    ],
)
def test_a_broken_header_closes_without_a_word(header, balanced, database):
    process = balanced()
    with WireClient(("127.0.0.1", process.port)) as client:
        client.send(header)
        assert client.read_until_closed() == [] and client.buffer == b""
    assert process.metrics().total("client_connection_failures_total", reason="protocol") == 1
    assert "203.0.113" not in process.output()


def test_a_client_without_header_is_closed_where_one_is_due(balanced, database):
    with WireClient(("127.0.0.1", balanced().port)) as client:
        client.send(messages.startup(user="app", database=database))
        assert client.read_until_closed() == []


def test_nobody_else_may_say_who_the_client_is(balanced, database):
    process = balanced(trusted="10.0.0.0/8")
    with WireClient(("127.0.0.1", process.port)) as client:
        client.send(VERSION_1, messages.startup(user="app", database=database))
        assert client.read_until_closed() == []
    assert "203.0.113" not in process.output()
    with WireClient(("127.0.0.1", process.port)) as client:
        assert client.log_in(database=database)[-1].kind == "Z"


def test_without_the_setting_a_header_is_no_start_up_packet(proxy):
    with WireClient(("127.0.0.1", proxy().port)) as client:
        client.send(VERSION_1)
        assert client.read_until_closed() == []


def test_a_header_that_never_ends_runs_into_the_start_up_time_limit(balanced):
    process = balanced(more="limits: {startup_timeout: 1s}\n")
    with WireClient(("127.0.0.1", process.port)) as client:
        client.send(b"PROXY TCP4 ")
        assert client.read_until_closed() == []
    assert process.metrics().total("client_connection_failures_total", reason="timeout") == 1


def test_a_health_check_of_the_balancer_leaves_no_warning(balanced):
    process = balanced()
    socket.create_connection(("127.0.0.1", process.port)).close()
    with WireClient(("127.0.0.1", process.port)) as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        client.read_until_closed()
    assert process.output().count("no PROXY header") == 1


def test_a_header_while_the_proxy_drains_is_followed_by_57p03(balanced, database):
    process = balanced(more="shutdown: {drain: 30s}\n")
    with WireClient(("127.0.0.1", process.port)) as session:
        session.send(VERSION_1)
        session.log_in(database=database)
        process.process.terminate()
        wait_until(lambda: "draining" in process.output(), "it drains")
        with WireClient(("127.0.0.1", process.port)) as late:
            late.send(VERSION_1, messages.startup(user="app", database=database))
            assert [m.fields["C"] for m in late.read_until_closed()] == ["57P03"]
