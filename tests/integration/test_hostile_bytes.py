"""Broken and hostile input costs its own session at most: others never notice, and nothing of it is written anywhere."""

import random
import struct

import pytest
from harness import messages
from harness.wire_client import WireClient

CANARY = "canary-7f3a"
POLICY = """
- name: p
  table: public.t
  constraint: t_v_key
  action: do_nothing
"""


@pytest.fixture
def process(proxy, direct, database):
    direct.execute(
        "CREATE TABLE t (id serial PRIMARY KEY, v text UNIQUE, n int CHECK (n < 10)); INSERT INTO t (v) VALUES ('taken')"
    )
    return proxy(POLICY, more="limits: {startup_timeout: 5s}\n")


@pytest.fixture
def bystander(process, database):
    """A session that was open before and must go on after whatever the test does."""
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        yield client
        received = client.query("INSERT INTO t (v) VALUES ('taken')")
        assert [m.kind for m in received] == ["C", "Z"]
        assert client.query("SELECT 1")[1].columns == [b"1"]


def connect(process):
    return WireClient(("127.0.0.1", process.port))


def test_a_start_up_packet_cut_anywhere(process, bystander, database):
    packet = messages.startup(user="app", database=database)
    for size in range(len(packet)):
        with connect(process) as client:
            client.send(packet[:size])


def test_a_start_up_packet_in_single_bytes(process, bystander, database):
    packet = messages.startup(user="app", database=database) + messages.query("SELECT 'glued'")
    with connect(process) as client:
        for position in range(len(packet)):
            client.send(packet[position : position + 1])
        received = client.read_until_ready(2)
        assert received[-3].columns == [b"glued"]


@pytest.mark.parametrize("length", [0, 1, 4, 7, 10005, 1 << 20, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_start_up_lengths_out_of_range_close_silently(length, process, bystander):
    with connect(process) as client:
        client.send(struct.pack("!I", length) + b"\0\3\0\0user\0app\0\0")
        assert [m for m in client.read_until_closed() if m.kind != "E"] == []


@pytest.mark.parametrize("version", [0, 1, 2 << 16])
def test_protocols_before_3_are_closed(version, process, bystander):
    with connect(process) as client:
        client.send(messages.startup(version, user="app"))
        client.socket.settimeout(5)
        while client.socket.recv(1000):
            pass


@pytest.mark.parametrize("version", [4 << 16, 1234 << 16 | 5677])
def test_other_protocol_versions_are_refused(version, process, bystander):
    with connect(process) as client:
        client.send(messages.startup(version, user="app"))
        (refusal,) = client.read_until_closed()
        assert refusal.fields["C"] == "0A000"


@pytest.mark.parametrize(
    "body, sqlstate",
    [
        (b"\0\3\0\0database\0x\0\0", "28000"),
        (b"\0\3\0\0user\0app\0", "08P01"),
        (b"\0\3\0\0user", "08P01"),
    ],
)
def test_start_up_packets_that_make_no_sense(body, sqlstate, process, bystander):
    with connect(process) as client:
        client.send(struct.pack("!I", len(body) + 4) + body)
        (refusal,) = client.read_until_closed()
        assert refusal.fields["C"] == sqlstate and refusal.fields["V"] == "FATAL"


def test_bytes_behind_a_declined_ssl_request_are_not_trusted(process, bystander, database):
    """CVE-2021-23214: they may have been stuffed in by somebody in between. The server answers N, then FATAL (1.4, 1.5)."""
    with connect(process) as client:
        client.send(messages.SSL_REQUEST + messages.startup(user="app", database=database))
        assert client.read_exactly(1) == b"N"
        (refusal,) = client.read_until_closed()
        assert (refusal.fields["C"], refusal.fields["V"]) == ("08P01", "FATAL")


def test_a_direct_tls_client_hello_is_closed(process, bystander):
    with connect(process) as client:
        client.send(bytes.fromhex("160301020001000001fc0303") + bytes(500))
        client.read_until_closed()


def test_http_on_the_wrong_port(process, bystander):
    with connect(process) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.read_until_closed()


@pytest.mark.parametrize("length", [0, 1, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
@pytest.mark.parametrize("kind", ["Q", "P", "B", "S", "d", "X"])
def test_message_lengths_out_of_range_end_the_session(kind, length, process, bystander, database):
    with connect(process) as client:
        client.log_in(database=database)
        client.send(kind.encode() + struct.pack("!I", length) + b"rest")
        received = client.read_until_closed()
        assert all(m.kind == "E" and m.fields["V"] == "FATAL" for m in received)


@pytest.mark.parametrize("kind", ["?", "\0", "Z", "K", "R", "\x7f"])
def test_unknown_message_types_end_the_session(kind, process, bystander, database):
    with connect(process) as client:
        client.log_in(database=database)
        client.send(messages.message(kind, b"body"))
        received = client.read_until_closed()
        assert [(m.kind, m.fields["C"], m.fields["V"]) for m in received] == [("E", "08P01", "FATAL")]


@pytest.mark.parametrize(
    "broken",
    [
        messages.message("Q", b"no final zero"),
        messages.message("P", b"name\0sql without end"),
        messages.message("P", b"\0SELECT 1\0\xff\xff"),
        messages.message("B", b"\0\0\0\1\0\1\0\5"),
        messages.message("B", b"portal"),
        messages.message("E", b"\0"),
        messages.message("D", b""),
        messages.message("C", b"Q\0"),
        messages.message("Q", b"SELECT 1\0SELECT 2\0"),
        messages.message("Q", b"INSERT INTO t (v) VALUES ('\xff\xfe')\0"),
    ],
)
def test_malformed_bodies_get_the_servers_own_answer(broken, process, bystander, database, postgres):
    def answer(port):
        with WireClient(("127.0.0.1", port)) as client:
            client.log_in(database=database)
            client.send(broken, messages.SYNC, messages.TERMINATE)
            return [(m.kind, m.fields.get("C") if m.kind == "E" else None) for m in client.read_until_closed()]

    through, direct = answer(process.port), answer(postgres.port)
    assert through == direct or (through and through[-1] == ("E", "08P01"))


def test_random_bytes_after_log_in(process, bystander, database):
    numbers = random.Random(20240229)
    for _ in range(60):
        with connect(process) as client:
            client.log_in(database=database)
            client.send(numbers.randbytes(numbers.randint(1, 300)))


def test_random_messages_after_log_in(process, bystander, database):
    numbers = random.Random(5)
    for _ in range(60):
        with connect(process) as client:
            client.log_in(database=database)
            for _ in range(8):
                kind = numbers.choice("QPBDECSHFdcf")
                client.send(messages.message(kind, numbers.randbytes(numbers.randint(0, 30))))


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t (n) SELECT " + "+".join(["1"] * 100_000),
        "INSERT INTO t (n) VALUES (" + "(" * 50_000 + "1" + ")" * 50_000 + ")",
        "INSERT INTO t (v) VALUES (" + "||".join(["'x'"] * 40_000) + ")",
        "INSERT INTO t (n) SELECT " + " UNION ALL SELECT ".join(["1"] * 20_000),
        "INSERT INTO t (n) VALUES (" + "NOT " * 50_000 + "true)",
        "INSERT INTO t (v) VALUES ('" + "[" * 200_000 + "')",
        "INSERT INTO t (n) VALUES (1" + "::int" * 30_000 + ")",
        "INSERT INTO t (v) VALUES " + ",".join(f"('{n}')" for n in range(20_000)),
        "/*" * 5_000 + "*/" * 5_000 + "INSERT INTO t (v) VALUES ('x')",
    ],
    ids=["plus", "brackets", "concatenation", "union", "not", "literal", "casts", "rows", "comments"],
)
@pytest.mark.parametrize("extended", [False, True], ids=["simple", "extended"])
def test_deep_and_wide_sql_is_answered_by_the_server(text, extended, process, bystander, database, postgres):
    """`1+1+...` of 200 kB would crash a parser on an ordinary stack (protocol.md 8.5)."""

    def answer(port):
        with WireClient(("127.0.0.1", port), timeout=30) as client:
            client.log_in(database=database)
            client.query("BEGIN")
            client.send(messages.one_statement(text) + messages.SYNC if extended else messages.query(text))
            received = client.read_until_ready()
            client.query("ROLLBACK")
            return [(m.kind, m.fields["C"] if m.kind == "E" else m.body) for m in received if m.kind in "EC"]

    assert answer(process.port) == answer(postgres.port)


@pytest.mark.parametrize("setting", ["SET standard_conforming_strings = off", "SET client_encoding = 'SJIS'"])
def test_unsafe_lexing_is_forwarded_untouched(setting, process, bystander, database, postgres):
    with connect(process) as client:
        client.log_in(database=database)
        client.query(setting)
        received = client.query("INSERT INTO t (v) VALUES ('taken')")
        assert [m.fields["C"] for m in received if m.kind == "E"] == ["23505"]
        # A backslash before the quote ends the literal elsewhere than a parser with other rules would think.
        client.send(messages.message("Q", b"INSERT INTO t (v) VALUES ('\x95\\'); SELECT 'x')\0"))
        client.read_until_ready()
    assert "ON CONFLICT" not in postgres.log_of(database)
    assert process.metrics().nonzero("left_alone_total", "reason").get("lexing", 0) >= 1


def test_a_setting_still_in_flight_is_not_overtaken(process, bystander, database):
    """Both in one write: the proxy must not read the second statement by the rules before the first."""
    with connect(process) as client:
        client.log_in(database=database)
        client.send(
            messages.query("SET standard_conforming_strings = off"),
            messages.query("INSERT INTO t (v) VALUES ('taken')"),
        )
        received = client.read_until_ready(2)
        assert [m.fields["C"] for m in received if m.kind == "E"] in (["23505"], [])


def test_statements_longer_than_inspect_bytes_pass(proxy, direct, database):
    direct.execute("CREATE TABLE t (id serial PRIMARY KEY, v text UNIQUE)")
    process = proxy(POLICY, more="limits: {inspect_bytes: 64KiB}\n")
    long = "INSERT INTO t (v) VALUES (md5('" + "x" * 2_000_000 + "'))"
    with connect(process) as client:
        client.log_in(database=database)
        assert [m.tag for m in client.query(long) if m.kind == "C"] == ["INSERT 0 1"]
        client.send(messages.one_statement("INSERT INTO t (v) VALUES (md5($1))", ["y" * 2_000_000]), messages.SYNC)
        assert [m.tag for m in client.read_until_ready() if m.kind == "C"] == ["INSERT 0 1"]
        client.send(messages.one_statement(long), messages.SYNC)
        assert [m.fields["C"] for m in client.read_until_ready() if m.kind == "E"] == ["23505"]


def test_values_never_reach_the_log_or_the_metrics(process, bystander, database):
    with connect(process) as client:
        client.log_in(database=database)
        for text in (
            f"INSERT INTO t (v) VALUES ('{CANARY}')",
            f"INSERT INTO t (v) VALUES ('{CANARY}')",
            f"INSERT INTO t (v, n) VALUES ('{CANARY}-n', 99)",
            f"SELECT '{CANARY}'::int",
            f"SELEC '{CANARY}'",
            f"DO $$ BEGIN RAISE unique_violation USING MESSAGE = '{CANARY}', CONSTRAINT = '{CANARY}'; END $$",
        ):
            client.query(text)
            client.send(messages.one_statement(text), messages.SYNC).read_until_ready()
        sql = "INSERT INTO t (v) VALUES ($1)"
        client.send(messages.one_statement(sql, [CANARY]), messages.SYNC).read_until_ready()
        copy = messages.query("COPY t (v) FROM STDIN") + messages.copy_data(f"{CANARY}\n".encode()) + messages.COPY_DONE
        client.send(copy).read_until_ready()
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(user="password_role", database=database, secret=CANARY)
    assert CANARY not in process.metrics().text
    assert CANARY not in process.output()


def test_a_silent_client_is_dropped_after_the_start_up_timeout(proxy, database):
    process = proxy(more="limits: {startup_timeout: 1s}\n")
    with connect(process) as client:
        assert client.read_until_closed() == []
    with connect(process) as client:
        client.send(messages.startup(user="app", database=database)[:6])
        assert client.read_until_closed() == []
