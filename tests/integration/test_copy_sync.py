"""A Sync next to COPY FROM STDIN in the extended protocol (protocol.md 4.31), also where nobody saw what the statement is."""

import pytest
from harness import messages
from harness.proxy_process import configuration
from harness.wire_client import WireClient

TABLES = """
CREATE TABLE t (id int PRIMARY KEY CONSTRAINT positive CHECK (id > 0));
CREATE VIEW a_view AS SELECT id FROM t;
INSERT INTO t VALUES (1);
GRANT ALL ON t, a_view TO app;
"""
LIMITS = "limits: {inspect_bytes: 4KiB, prepared_statements: 2}\n"
ROWS = {
    "good": (b"5\n", None),
    "not a number": (b"x\n", "22P02"),
    "check": (b"-1\n", "23514"),
    "unique": (b"1\n", "23505"),
}
COPY = "COPY t FROM STDIN"
LONG = "x" * 5000
# What the session can know of the statement when it is executed.
TEXTS = {
    "short": COPY,
    "long": f"{COPY} -- {LONG}",
    "behind a comment": f"-- {LONG}\n{COPY}",
    "in a long comment": f"/* {LONG} */ {COPY}",
}


def codes(received):
    return [m.fields["C"] for m in received if m.kind == "E"]


def go_on(client):
    """The session is in step: the next statement has its own answer."""
    assert [m.kind for m in client.query("SELECT 1")] == ["T", "D", "C", "Z"]


@pytest.fixture
def client(proxy, direct, database):
    direct.execute(TABLES)
    process = proxy(mode="observe", more=LIMITS)
    with WireClient(("127.0.0.1", process.port)) as client:
        client.process = process
        client.log_in(database=database)
        yield client


def copies(client, name, rows):
    """Everything ahead, as pipelines do it; twice, because the second time more may be known."""
    data, code = ROWS[rows]
    for _ in range(2):
        parts = messages.bind(name=name) + messages.execute() + messages.SYNC
        client.send(parts, messages.copy_data(data), messages.COPY_DONE, messages.SYNC)
        received = client.read_until_ready()
        assert [m.kind for m in received][:2] == ["2", "G"]
        assert codes(received) == ([code] if code else [])
        go_on(client)
        client.query("DELETE FROM t WHERE id > 1")


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_sync_ahead_of_the_data(text, rows, client):
    client.send(messages.parse(TEXTS[text], "s"), messages.SYNC).read_until_ready()
    copies(client, "s", rows)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_sync_between_the_data(text, rows, client):
    """Whether the server answers it depends on when it finds the bad row; the session stays in step either way."""
    data, code = ROWS[rows]
    client.send(messages.parse(TEXTS[text], "s"), messages.SYNC).read_until_ready()
    for end in (messages.COPY_DONE, messages.copy_data(b"7\n") + messages.COPY_DONE):
        parts = messages.bind(name="s") + messages.execute() + messages.copy_data(data) + messages.SYNC
        client.send(parts, end, messages.SYNC)
        received = client.read_until_ready()
        assert codes(received) == ([code] if code else [])
        late = client.send(messages.query("SELECT 1")).read_until("D")
        assert [m.kind for m in late] in (["T", "D"], ["Z", "T", "D"])
        client.read_until_ready()
        client.query("DELETE FROM t WHERE id > 1")


@pytest.mark.parametrize("rows", ROWS)
def test_a_statement_beyond_the_limit_of_names(rows, client):
    for name in ("a", "b", "c"):
        client.send(messages.parse(COPY if name == "c" else "SELECT 1", name), messages.SYNC).read_until_ready()
    copies(client, "c", rows)


@pytest.mark.parametrize("rows", ROWS)
def test_a_statement_parsed_under_the_kill_switch(rows, client, upstream):
    client.process.rewrite_config(configuration(upstream, mode="off", more=LIMITS))
    client.query("SELECT 1")
    client.send(messages.parse(COPY, "s"), messages.SYNC).read_until_ready()
    client.process.rewrite_config(configuration(upstream, mode="observe", more=LIMITS))
    copies(client, "s", rows)


@pytest.mark.parametrize("text", TEXTS)
def test_a_copy_that_fails_before_it_reads_answers_the_sync(text, client, direct):
    """The server says G, then E, and only then reads the Sync: a client that sends no data waits for its ReadyForQuery."""
    sql = TEXTS[text].replace("COPY t", "COPY a_view")
    client.send(messages.parse(sql) + messages.bind() + messages.execute() + messages.SYNC)
    received = client.read_until_ready()
    assert [m.kind for m in received] == ["1", "2", "G", "E", "Z"]
    assert codes(received) == ["42809"]
    go_on(client)


def test_statements_nobody_saw_are_answered_as_ever(client):
    for sql in ("SELECT 1", "UPDATE t SET id = id", "COPY t TO STDOUT", "", "SELECT 1 / count(*) FROM t WHERE id < 0"):
        hidden = f"/* {LONG} */ {sql}"
        client.send(messages.parse(hidden, "s"), messages.SYNC)
        first = client.read_until_ready()
        assert [m.kind for m in first] == ["1", "Z"]
        for _ in range(3):
            client.send(messages.bind(name="s") + messages.execute() + messages.SYNC)
            kinds = [m.kind for m in client.read_until_ready()]
            assert kinds[0] == "2" and kinds[-1] == "Z" and kinds[-2] in "CEI"
        client.send(messages.close_statement("s"), messages.SYNC).read_until_ready()
        go_on(client)
    pipeline = b"".join(
        messages.parse(f"/* {LONG} */ SELECT {n}") + messages.bind() + messages.execute() + messages.SYNC
        for n in range(20)
    )
    received = client.send(pipeline).read_until_ready(20)
    assert [m.columns for m in received if m.kind == "D"] == [[str(n).encode()] for n in range(20)]
    go_on(client)
