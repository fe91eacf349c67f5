"""Nobody can tell the proxy from the server (I1): every case file, run directly and through the proxy, gives the same
messages, whatever the protocol and whatever a policy that does not concern the statement says."""

import pytest
from harness import dialogues, messages
from harness.masking import masked
from harness.sql_cases import case_names, read_case
from harness.wire_client import WireClient

USERS_POLICY = """
- name: users-email
  table: public.users
  constraint: users_email_key
  action: do_nothing
"""
UNRELATED_POLICY = """
- name: elsewhere
  table: public.no_such_table_here
  constraint: "*"
  action: do_nothing
  apply: on_violation
"""
MODES = {
    "zero-config": None,
    "observe": {"policies": USERS_POLICY, "mode": "observe"},
    "enforce-elsewhere": {"policies": UNRELATED_POLICY, "mode": "enforce"},
}


@pytest.fixture(scope="module", params=MODES)
def transparent(request, module_proxy, upstream):
    settings = MODES[request.param]
    if settings is not None:
        return module_proxy(**settings)
    arguments = ["--listen", "127.0.0.1:0", "--upstream", f"postgres://{upstream}", "--admin", "127.0.0.1:0"]
    return module_proxy(arguments=arguments)


@pytest.fixture(scope="module")
def run(postgres):
    """Runs a dialogue in an empty database; the direct outcome of the same dialogue is asked for once."""
    remembered = {}

    def run_at(port, key, dialogue):
        if port == postgres.port and key in remembered:
            return remembered[key]
        name = postgres.fresh_database("transparency")
        with WireClient(("127.0.0.1", port), timeout=30) as client:
            client.log_in(user="postgres", database=name)
            received = masked(dialogue(client))
        return remembered.setdefault(key, received) if port == postgres.port else received

    return run_at


def assert_same(direct, through):
    for number, (expected, actual) in enumerate(zip(direct, through, strict=False)):
        assert actual == expected, f"message {number}: {str(actual)[:500]} instead of {str(expected)[:500]}"
    assert len(through) == len(direct)


@pytest.mark.parametrize("protocol", dialogues.PROTOCOLS)
@pytest.mark.parametrize("case", case_names())
def test_every_message_of_a_case_is_the_same(case, protocol, postgres, transparent, run):
    blocks = read_case(case)
    assert blocks

    def dialogue(client):
        return dialogues.run_case(client, blocks, protocol)

    direct = run(postgres.port, (case, protocol), dialogue)
    assert_same(direct, run(transparent.port, (case, protocol), dialogue))


def test_log_in_shows_the_same_parameters_and_key_shape(postgres, transparent):
    def log_in(port):
        with WireClient(("127.0.0.1", port)) as client:
            parameters = {"application_name": "same", "options": "-c geqo=off", "search_path": "public"}
            return masked(client.log_in(user="app", database="postgres", **parameters))

    assert_same(log_in(postgres.port), log_in(transparent.port))


TABLE = "CREATE TABLE p (id int PRIMARY KEY, v text)"
INSERT = "INSERT INTO p VALUES ($1, $2) RETURNING id"


def insert(key, name="put"):
    return messages.bind([str(key), "v"], name=name) + messages.execute()


# Name -> (bytes to send, how many ReadyForQuery they earn).
PIPELINES = {
    "many inserts, one sync": (
        messages.parse(INSERT, "put") + b"".join(insert(key) for key in range(200)) + messages.SYNC,
        1,
    ),
    "an error skips to the sync": (
        messages.parse(INSERT, "put") + insert(1) + insert(1) + insert(2) + messages.query("SELECT 1") + messages.SYNC
        + messages.query("SELECT count(*) FROM p"),
        2,
    ),
    "an error in the second batch of three": (
        messages.parse(INSERT, "put") + insert(1) + messages.SYNC + insert(1) + messages.SYNC + insert(3)
        + messages.SYNC,
        3,
    ),
    "a parse that fails": (messages.parse("SELEC") + messages.SYNC + messages.query("SELECT 1"), 2),
    "a query inside an extended batch": (
        messages.parse(INSERT, "put") + insert(1) + messages.query("SELECT count(*) FROM p") + insert(2)
        + messages.SYNC,
        2,
    ),
    "a portal read in pieces": (
        messages.query("BEGIN") + messages.parse("SELECT generate_series(1, 10)") + messages.bind()
        + messages.execute(max_rows=4) + messages.execute(max_rows=4) + messages.execute() + messages.SYNC
        + messages.query("COMMIT"),
        3,
    ),
    "an insert with a row limit": (
        messages.parse(INSERT, "put") + messages.bind(["1", "v"], name="put") + messages.execute(max_rows=1)
        + messages.SYNC,
        1,
    ),
    "statement names of 63 bytes and more": (
        messages.parse("SELECT 'x'", "A" * 63 + "x") + messages.parse("SELECT 'y'", "B" * 70)
        + messages.bind(name="A" * 63 + "y") + messages.execute() + messages.close_statement("B" * 63)
        + messages.bind(name="B" * 70) + messages.execute() + messages.SYNC,
        1,
    ),
    "the same statement name twice": (
        messages.parse("SELECT 1", "twice") + messages.SYNC + messages.parse("SELECT 2", "twice") + messages.SYNC
        + messages.bind(name="twice") + messages.execute() + messages.SYNC,
        3,
    ),
    "a close of what is not there": (messages.close_statement("no") + messages.close_portal("no") + messages.SYNC, 1),
    "describe, then flush, then go on": (
        messages.parse(INSERT, "put") + messages.describe_statement("put") + messages.FLUSH + insert(1)
        + messages.FLUSH + messages.SYNC,
        1,
    ),
    "empty statements": (
        messages.parse("") + messages.describe_statement() + messages.bind() + messages.execute() + messages.SYNC
        + messages.query("") + messages.query("  "),
        3,
    ),
    "syncs alone": (messages.SYNC * 50, 50),
    "queries back to back": (b"".join(messages.query(f"SELECT {n}") for n in range(100)), 100),
    "stray copy messages": (
        messages.copy_data(b"x") + messages.COPY_DONE + messages.copy_fail("no") + messages.query("SELECT 1"),
        1,
    ),
    "one result format for each column": (
        messages.parse("SELECT 1, 'a'::text, 2.5") + messages.bind(result_formats=[1, 0, 1]) + messages.execute()
        + messages.SYNC,
        1,
    ),
    "binary parameters": (
        messages.parse(INSERT, "put", types=[23, 25])
        + messages.bind([b"\0\0\0\7", b"seven"], name="put", formats=[1, 0]) + messages.execute() + messages.SYNC
        + messages.query("SELECT * FROM p"),
        2,
    ),
    "a function call": (messages.function_call(177, [b"\0\0\0\1", b"\0\0\0\2"]), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", PIPELINES)
def test_every_message_of_a_pipeline_is_the_same(name, postgres, transparent, run):
    sent, ready = PIPELINES[name]

    def dialogue(client):
        client.query(TABLE)
        return client.send(sent).read_until_ready(ready)

    assert_same(run(postgres.port, name, dialogue), run(transparent.port, name, dialogue))


@pytest.mark.parametrize("name", ["an error skips to the sync", "a portal read in pieces", "binary parameters"])
def test_bytes_that_arrive_one_by_one_change_nothing(name, postgres, transparent, run):
    sent, ready = PIPELINES[name]

    def dialogue(client):
        client.query(TABLE)
        for position in range(len(sent)):
            client.send(sent[position : position + 1])
        return client.read_until_ready(ready)

    assert_same(run(postgres.port, name, dialogue), run(transparent.port, name, dialogue))


COPY_ROWS = {"good": b"1\tv\n", "unique": b"1\tv\n1\tv\n", "not a number": b"x\tv\n"}


@pytest.mark.parametrize("rows", COPY_ROWS)
def test_copy_in_the_extended_protocol_earns_one_ready_for_query(rows, transparent, run):
    """The server's own number of ReadyForQuery depends on the data when a Sync goes ahead of the CopyData (protocol.md
    4.31); through the proxy it is always one."""

    def dialogue(client):
        client.query(TABLE)
        copy = messages.parse("COPY p FROM STDIN") + messages.bind() + messages.execute() + messages.SYNC
        client.send(copy, messages.copy_data(COPY_ROWS[rows]), messages.COPY_DONE, messages.SYNC)
        client.send(messages.query("SELECT count(*) FROM p"))
        return client.read_until_ready(2)

    received = run(transparent.port, ("copy", rows), dialogue)
    assert [m.kind for m in received if m.kind in "ZT"] == ["Z", "T", "Z"]
    count = next(m for m in received if m.kind == "D").columns
    assert count == ([b"1"] if rows == "good" else [b"0"])
