"""Every integrity violation that reaches the client is counted once, under the right constraint and statement."""

import pytest
from harness import messages
from harness.wire_client import WireClient

SCHEMA = """
CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public;
CREATE TABLE parent (
  id int PRIMARY KEY,
  code text CONSTRAINT parent_code_key UNIQUE,
  size int NOT NULL DEFAULT 1 CONSTRAINT parent_size_check CHECK (size < 100));
CREATE UNIQUE INDEX parent_lower_code ON parent (lower(code));
CREATE TABLE child (
  id int PRIMARY KEY,
  parent_id int CONSTRAINT child_parent_fk REFERENCES parent,
  strict_id int CONSTRAINT child_strict_fk REFERENCES parent ON DELETE RESTRICT);
CREATE TABLE booking (room int, during int4range, CONSTRAINT booking_overlap EXCLUDE USING gist (room WITH =, during WITH &&));
CREATE TABLE later (id int CONSTRAINT later_key UNIQUE DEFERRABLE INITIALLY DEFERRED,
  parent_id int CONSTRAINT later_fk REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE measured (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE measured_2024 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE DOMAIN even AS int CONSTRAINT even_only CHECK (VALUE % 2 = 0);
CREATE TABLE doubled (n even);
CREATE SCHEMA other;
CREATE TABLE other.parent (id int CONSTRAINT "odd name" PRIMARY KEY);
GRANT USAGE ON SCHEMA other TO app; GRANT ALL ON ALL TABLES IN SCHEMA other TO app;
INSERT INTO parent VALUES (1, 'one'), (2, 'two');
INSERT INTO child VALUES (1, 1, 2);
INSERT INTO booking VALUES (1, '[1,10)');
INSERT INTO later VALUES (1);
INSERT INTO measured VALUES (1, '2024-05-05');
INSERT INTO other.parent VALUES (1);
"""

# Statement -> (schema, table, constraint, kind, statement).
VIOLATIONS = {
    "INSERT INTO parent VALUES (1, 'new')": ("public", "parent", "parent_pkey", "unique", "insert"),
    "INSERT INTO parent VALUES (5, 'one')": ("public", "parent", "parent_code_key", "unique", "insert"),
    "INSERT INTO parent VALUES (5, 'ONE')": ("public", "parent", "parent_lower_code", "unique", "insert"),
    "INSERT INTO parent VALUES (5, 'x', 100)": ("public", "parent", "parent_size_check", "check", "insert"),
    "INSERT INTO parent VALUES (NULL, 'x')": ("public", "parent", "column:id", "not_null", "insert"),
    "INSERT INTO parent VALUES (5, 'x', NULL)": ("public", "parent", "column:size", "not_null", "insert"),
    "INSERT INTO child VALUES (2, 99)": ("public", "child", "child_parent_fk", "foreign_key", "insert"),
    "INSERT INTO booking VALUES (1, '[5,6)')": ("public", "booking", "booking_overlap", "exclusion", "insert"),
    "INSERT INTO doubled VALUES (3)": ("public", "unknown", "even_only", "check", "insert"),
    "INSERT INTO measured VALUES (1, '1999-01-01')": ("public", "measured", "unknown", "check", "insert"),
    "INSERT INTO other.parent VALUES (1)": ("other", "parent", "odd name", "unique", "insert"),
    "WITH x AS (SELECT 1) INSERT INTO parent SELECT 1": ("public", "parent", "parent_pkey", "unique", "insert"),
    "/* comment */ insert into parent values (1)": ("public", "parent", "parent_pkey", "unique", "insert"),
    "UPDATE parent SET code = 'one' WHERE id = 2": ("public", "parent", "parent_code_key", "unique", "update"),
    "UPDATE parent SET size = 100 WHERE id = 2": ("public", "parent", "parent_size_check", "check", "update"),
    "UPDATE parent SET id = 9 WHERE id = 1": ("public", "child", "child_parent_fk", "foreign_key", "update"),
    "UPDATE child SET parent_id = 99": ("public", "child", "child_parent_fk", "foreign_key", "update"),
    "DELETE FROM parent WHERE id = 1": ("public", "child", "child_parent_fk", "foreign_key", "delete"),
    "DELETE FROM parent WHERE id = 2": ("public", "child", "child_strict_fk", "foreign_key", "delete"),
    "ALTER TABLE child ADD UNIQUE (id), ALTER id SET NOT NULL, ADD CHECK (id > 5)": (
        "public", "child", "child_id_check", "check", "ddl"),
    "DO $$ BEGIN RAISE unique_violation USING CONSTRAINT = 'forged', TABLE = 'x'; END $$": (
        "unknown", "unknown", "unknown", "unique", "other"),
    "DO $$ BEGIN RAISE restrict_violation; END $$": ("unknown", "unknown", "unknown", "restrict", "other"),
}  # fmt: skip

LABELS = ("schema", "table", "constraint", "kind", "statement")
POLICY = """
- name: parent-code
  table: public.parent
  constraint: parent_code_key
  action: do_nothing
"""


def counted(process, database):
    return process.metrics().nonzero("constraint_violations_total", *LABELS, database=database)


def simple(client, sql):
    return client.query(sql)


def extended(client, sql):
    return client.send(messages.one_statement(sql), messages.SYNC).read_until_ready()


@pytest.fixture(params=["zero-config", "observe"])
def counting_proxy(request, proxy, upstream):
    """A proxy without a catalog, and one that knows the catalog because it has a policy."""
    if request.param == "observe":
        return proxy(POLICY, mode="observe")
    return proxy(
        arguments=["--listen", "127.0.0.1:0", "--upstream", f"postgres://{upstream}", "--admin", "127.0.0.1:0"]
    )


@pytest.mark.parametrize("send", [simple, extended])
def test_every_kind_of_violation_is_counted_under_its_statement(send, counting_proxy, direct, database):
    direct.execute(SCHEMA)
    direct.execute("ALTER TABLE child OWNER TO app")
    expected = {}
    with WireClient(("127.0.0.1", counting_proxy.port)) as client:
        client.log_in(database=database)
        for sql, labels in VIOLATIONS.items():
            received = send(client, sql)
            assert any(m.kind == "E" for m in received), sql
            expected[labels] = expected.get(labels, 0) + 1
    assert counted(counting_proxy, database) == expected


@pytest.mark.parametrize("send", [simple, extended])
def test_a_partition_that_refuses_counts_for_a_constraint(send, proxy, direct, database):
    direct.execute(SCHEMA)
    process = proxy()
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        send(client, "INSERT INTO measured VALUES (1, '2024-05-05')")
    (labels, number), *rest = counted(process, database).items()
    assert not rest and number == 1
    assert labels[1] in ("measured", "measured_2024") and labels[3:] == ("unique", "insert")


@pytest.mark.parametrize(
    "rows, labels",
    [
        ("1\tnew", ("public", "parent", "parent_pkey", "unique", "copy")),
        ("7\tx\t100", ("public", "parent", "parent_size_check", "check", "copy")),
        ("\\N\tx\t1", ("public", "parent", "column:id", "not_null", "copy")),
    ],
)
@pytest.mark.parametrize("protocol", ["simple", "extended"])
def test_copy_violations_are_counted_as_copy(rows, labels, protocol, proxy, direct, database):
    direct.execute(SCHEMA)
    process = proxy()
    columns = "(id, code, size)" if rows.count("\t") == 2 else "(id, code)"
    sql = f"COPY parent {columns} FROM STDIN"
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        start = messages.query(sql) if protocol == "simple" else messages.one_statement(sql)
        end = messages.COPY_DONE + (b"" if protocol == "simple" else messages.SYNC)
        received = client.send(start, messages.copy_data(rows.encode() + b"\n"), end).read_until_ready()
        assert [m.fields["C"][:2] for m in received if m.kind == "E"] == ["23"]
    assert counted(process, database) == {labels: 1}


@pytest.mark.parametrize("send", [simple, extended])
def test_deferred_constraints_are_counted_as_commit(send, proxy, direct, database):
    direct.execute(SCHEMA)
    process = proxy()
    key = ("public", "later", "later_key", "unique", "commit")
    reference = ("public", "later", "later_fk", "foreign_key", "commit")
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        for sql in ("BEGIN", "INSERT INTO later VALUES (1)", "COMMIT"):
            received = send(client, sql)
        assert received[-2].kind == "E"
        assert counted(process, database) == {key: 1}
        for sql in ("BEGIN", "INSERT INTO later VALUES (5, 99)", "UPDATE later SET id = 6 WHERE id = 5", "COMMIT"):
            received = send(client, sql)
        assert received[-2].kind == "E"
        assert counted(process, database) == {key: 1, reference: 1}
        # Nothing is deferred past the end of the statement's own transaction: the error follows at its end.
        received = send(client, "INSERT INTO later VALUES (1)")
        assert [m.kind for m in received if m.kind in "EZ"] == ["E", "Z"]
    numbers = counted(process, database)
    assert sum(numbers.values()) == 3 and set(numbers) <= {key, reference, (*key[:4], "insert")}


def test_a_pipelined_batch_names_the_statement_that_failed(proxy, direct, database):
    direct.execute(SCHEMA)
    process = proxy()
    batches = [
        ["SELECT 1", "UPDATE parent SET code = 'x' WHERE id = 1", "DELETE FROM parent WHERE id = 2", "INSERT INTO parent VALUES (1)"],
        ["INSERT INTO parent VALUES (20, 'twenty')", "UPDATE parent SET code = 'two' WHERE id = 1", "INSERT INTO parent VALUES (1)"],
        ["INSERT INTO later VALUES (1)", "SELECT 1"],
    ]  # fmt: skip
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        sent = b"".join(b"".join(map(messages.one_statement, batch)) + messages.SYNC for batch in batches)
        received = client.send(sent).read_until_ready(len(batches))
        assert len([m for m in received if m.kind == "E"]) == len(batches)
    assert counted(process, database) == {
        ("public", "child", "child_strict_fk", "foreign_key", "delete"): 1,
        ("public", "parent", "parent_code_key", "unique", "update"): 1,
        ("public", "later", "later_key", "unique", "commit"): 1,
    }


def test_several_statements_in_one_query_name_the_one_that_failed(proxy, direct, database):
    direct.execute(SCHEMA)
    process = proxy()
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        client.query(
            "INSERT INTO parent VALUES (30, 'a'); UPDATE parent SET code = 'two' WHERE id = 30; DELETE FROM parent"
        )
        client.query("SELECT 1; DELETE FROM parent WHERE id = 1; INSERT INTO parent VALUES (1)")
    assert counted(process, database) == {
        ("public", "parent", "parent_code_key", "unique", "update"): 1,
        ("public", "child", "child_parent_fk", "foreign_key", "delete"): 1,
    }


def test_sql_prepare_and_execute_is_counted(proxy, direct, database):
    direct.execute(SCHEMA)
    process = proxy()
    with process.connect(database) as connection:
        connection.execute("PREPARE put AS INSERT INTO parent VALUES (1)")
        with pytest.raises(Exception, match="parent_pkey"):
            connection.execute("EXECUTE put")
    (labels,) = counted(process, database)
    assert labels[:4] == ("public", "parent", "parent_pkey", "unique")


def test_what_the_application_never_saw_is_not_counted(proxy, direct, database):
    direct.execute(SCHEMA)
    process = proxy()
    with process.connect(database) as connection:
        connection.execute("INSERT INTO parent VALUES (1) ON CONFLICT DO NOTHING")
        connection.execute(
            "DO $$ BEGIN INSERT INTO parent VALUES (1); EXCEPTION WHEN unique_violation THEN NULL; END $$"
        )
        with pytest.raises(Exception, match="division by zero"):
            connection.execute("SELECT 1/0")
    assert counted(process, database) == {}


def test_series_are_capped_and_nothing_is_lost(proxy, direct, database):
    for number in range(30):
        direct.execute(f"CREATE TABLE many_{number} (id int PRIMARY KEY); INSERT INTO many_{number} VALUES (1)")
    process = proxy(more="metrics: {max_constraint_series: 10}\n")
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        for number in range(30):
            client.query(f"INSERT INTO many_{number} VALUES (1)")
            client.query(f"INSERT INTO many_{number} VALUES (1)")
    metrics = process.metrics()
    assert metrics.total("constraint_violations_total") == 60
    names = metrics.nonzero("constraint_violations_total", "constraint")
    assert len(names) <= 11 and names["__other__"] >= 40
    assert metrics.total("metric_series_dropped_total") > 0


def test_forged_names_make_no_series(proxy, direct, database):
    process = proxy(more="metrics: {max_constraint_series: 50}\n")
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        for number in range(200):
            client.query(
                "DO $$ BEGIN RAISE unique_violation USING MESSAGE = 'm', SCHEMA = 'canary_s', TABLE = E'canary\\n\"t',"
                f" CONSTRAINT = repeat('canary{number}', 5000); END $$"
            )
    metrics = process.metrics()
    assert metrics.total("constraint_violations_total") == 200
    assert len(metrics.series("constraint_violations_total")) <= 2
    assert "canary" not in metrics.text and "canary" not in process.output()


def test_errors_are_counted_by_class(proxy, direct, database):
    direct.execute(SCHEMA)
    process = proxy()
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        for sql in ("SELECT 1/0", "SELECT nothing", "INSERT INTO parent VALUES (1)", "INSERT INTO parent VALUES (2)"):
            client.query(sql)
    assert process.metrics().nonzero("errors_total", "sqlstate_class", database=database) == {"22": 1, "42": 1, "23": 2}


@pytest.mark.parametrize("send, protocol", [(simple, "simple"), (extended, "extended")])
def test_statements_are_counted_by_command(send, protocol, proxy, direct, database):
    direct.execute(SCHEMA)
    process = proxy()
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        for sql in (
            "SELECT 1",
            "SELECT 2",
            "INSERT INTO parent VALUES (70)",
            "UPDATE parent SET size = 2",
            "DELETE FROM later",
        ):
            send(client, sql)
    found = process.metrics().nonzero("statements_total", "command", database=database, protocol=protocol)
    assert found == {"select": 2, "insert": 1, "update": 1, "delete": 1}
