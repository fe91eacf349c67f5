"""UPDATEs by key that create a missing row: what the application sees, what is in the table, what is left alone."""

import psycopg
import pytest
from harness import messages
from harness.senders import SENDERS, literal, parameters, prepared
from harness.wire_client import WireClient

SETTINGS = """
CREATE TABLE settings (
  owner int, key text, value text, hits bigint NOT NULL DEFAULT 0, changed timestamptz DEFAULT now(),
  CONSTRAINT settings_pkey PRIMARY KEY (owner, key));
INSERT INTO settings (owner, key, value, hits) VALUES (1, 'colour', 'red', 5);
"""
UPDATE = "UPDATE settings SET value = %s WHERE owner = %s AND key = %s"


def policy(**keys):
    lines = {
        "table": "public.settings",
        "constraint": "settings_pkey",
        "statement": "update",
        "action": "insert_missing",
        **keys,
    }
    return "- name: the-policy\n" + "".join(f"  {key}: {value}\n" for key, value in lines.items())


def settings(direct):
    return direct.execute("SELECT owner, key, value, hits FROM settings ORDER BY 1, 2").fetchall()


def left_alone(process):
    return process.metrics().nonzero("left_alone_total", "policy", "reason")


@pytest.mark.parametrize("block", [False, True], ids=["autocommit", "block"])
@pytest.mark.parametrize("send", SENDERS)
class TestEachWayToSendIt:
    def run(self, block, connection, send, *arguments):
        if not block:
            return send(connection, *arguments)
        with connection.transaction():
            return send(connection, *arguments)

    def test_a_row_that_is_there_is_updated_and_one_that_is_not_is_created(self, send, block, proxy, direct, database):
        direct.execute(SETTINGS)
        process = proxy(policy())
        with process.connect(database) as connection:
            assert self.run(block, connection, send, UPDATE, ("blue", 1, "colour")) == (None, 1)
            assert self.run(block, connection, send, UPDATE, ("large", 2, "size")) == (None, 1)
            assert self.run(block, connection, send, UPDATE, ("small", 2, "size")) == (None, 1)
        assert settings(direct) == [(1, "colour", "blue", 5), (2, "size", "small", 0)]
        assert process.metrics().total("rewrites_total", policy="the-policy", result="rewritten") == 3
        assert process.metrics().total("statements_total", command="update") == 3
        assert left_alone(process) == {}

    def test_returning_gives_the_row(self, send, block, proxy, direct, database):
        direct.execute(SETTINGS)
        process = proxy(policy())
        with process.connect(database) as connection:
            for owner in (1, 7):
                found = self.run(
                    block, connection, send, UPDATE + " RETURNING owner, value, hits", ("v", owner, "colour")
                )
                assert found == ([(owner, "v", 5 if owner == 1 else 0)], 1)

    def test_the_policy_gives_a_counter_its_first_value(self, send, block, proxy, direct, database):
        direct.execute(SETTINGS)
        process = proxy(policy(set="{hits: '1'}"))
        text = "UPDATE settings AS s SET hits = hits + s.hits - s.hits + 1 WHERE s.owner = %s AND key = %s"
        with process.connect(database) as connection:
            for _ in range(3):
                assert self.run(block, connection, send, text, (9, "logins")) == (None, 1)
            assert self.run(block, connection, send, text, (1, "colour")) == (None, 1)
        assert settings(direct) == [(1, "colour", "red", 6), (9, "logins", None, 3)]


def test_the_message_stream_is_that_of_an_update(proxy, direct, database):
    direct.execute(SETTINGS)
    process = proxy(policy())
    text = "UPDATE settings SET value = 'x' WHERE owner = 5 AND key = 'k'"
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        received = client.query(text)
        assert [m.kind for m in received] == ["C", "Z"] and received[0].tag == "UPDATE 1"
        client.send(messages.one_statement(text), messages.SYNC)
        received = client.read_until_ready()
        assert [m.kind for m in received] == ["1", "2", "n", "C", "Z"] and received[3].tag == "UPDATE 1"
        received = client.query(f"{text}; SELECT 1; {text}")
        assert [m.kind for m in received] == ["C", "T", "D", "C", "C", "Z"]
        assert [m.tag for m in received if m.kind == "C"] == ["UPDATE 1", "SELECT 1", "UPDATE 1"]


def test_rows_fetched_one_by_one_end_with_the_tag_of_an_update(proxy, direct, database):
    direct.execute(SETTINGS)
    process = proxy(policy())
    text = "UPDATE settings SET value = 'x' WHERE owner = 5 AND key = 'k' RETURNING owner"
    start = messages.parse(text) + messages.bind(portal="p")
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        client.send(start, messages.execute("p", max_rows=1), messages.execute("p", max_rows=1), messages.SYNC)
        received = client.read_until_ready()
        assert [m.kind for m in received] == ["1", "2", "D", "s", "C", "Z"] and received[4].tag.startswith("UPDATE")
        client.query("BEGIN")
        client.send(start, messages.execute("p", max_rows=1), messages.SYNC)
        assert [m.kind for m in client.read_until_ready()] == ["1", "2", "D", "s", "Z"]
        client.send(messages.execute("p", max_rows=1), messages.SYNC)
        received = client.read_until_ready()
        assert [m.kind for m in received] == ["C", "Z"] and received[0].tag.startswith("UPDATE")
        client.query("COMMIT")
    assert process.metrics().total("rewrites_total", policy="the-policy", result="rewritten") == 2


@pytest.mark.parametrize("send", [parameters, prepared])
def test_values_that_are_no_key_are_left_to_the_update(send, proxy, direct, database):
    """NULL finds no row, and a type that is not the key's may be rounded or fail on insertion."""
    direct.execute(SETTINGS)
    process = proxy(policy())
    with process.connect(database) as connection:
        assert send(connection, UPDATE, ("x", None, "colour")) == (None, 0)
        assert send(connection, UPDATE, ("x", 99999999999, "colour")) == (None, 0)
        assert send(connection, UPDATE, ("x", 1.4, "colour")) == (None, 0)
        assert send(connection, UPDATE, ("x", 3, "colour")) == (None, 1)
    assert left_alone(process) == {("the-policy", "update_type"): 3}
    assert len(settings(direct)) == 2


def test_numbers_in_the_text_are_looked_at_each_time(proxy, direct, database):
    direct.execute(SETTINGS)
    process = proxy(policy())
    with process.connect(database) as connection:
        for number, count in ((3, 1), (1.4, 0), (99999999999, 0), (4, 1), (-4, 0)):
            text = f"UPDATE settings SET value = 'v' WHERE owner = {number} AND key = 'k'"
            assert literal(connection, text) == (None, count), text
    assert [row[0] for row in settings(direct)] == [1, 3, 4]
    assert left_alone(process) == {("the-policy", "update_type"): 3}


@pytest.mark.parametrize(
    "reason, text",
    [
        ("update_shape", "UPDATE settings SET value = 'x' WHERE owner = 1"),
        ("update_shape", "UPDATE settings SET value = 'x' WHERE owner = 1 AND key = 'k' AND hits = 2"),
        ("update_self_reference", "UPDATE settings SET hits = hits + 1 WHERE owner = 1 AND key = 'k'"),
        ("not_top_level", "EXPLAIN UPDATE settings SET value = 'x' WHERE owner = 1 AND key = 'k'"),
    ],
)
def test_other_updates_are_the_server_s(reason, text, proxy, direct, database, postgres):
    direct.execute(SETTINGS)
    process = proxy(policy())
    with process.connect(database) as connection:
        literal(connection, text)
    assert left_alone(process) == {("the-policy", reason): 1}
    assert settings(direct) == [(1, "colour", "red", 5)] or reason == "update_shape"
    assert "ON CONFLICT" not in postgres.log_of(database)


def test_an_error_is_the_statement_s_own_and_suspends_nothing(proxy, direct, database):
    direct.execute(SETTINGS)
    process = proxy(policy())
    with process.connect(database) as connection:
        for text, error in (
            ("UPDATE settings SET hits = NULL WHERE owner = 8 AND key = 'k'", psycopg.errors.NotNullViolation),
            ("UPDATE settings SET value = nothing_like_it() WHERE owner = 8 AND key = 'k'", psycopg.errors.UndefinedFunction),
            ("UPDATE settings SET value = 'x'::nothing_like_it WHERE owner = 8 AND key = 'k'", psycopg.errors.UndefinedObject),
        ):  # fmt: skip
            with pytest.raises(error):
                literal(connection, text)
        assert literal(connection, UPDATE, ("x", 8, "k")) == (None, 1)
    assert process.metrics().total("rewrite_errors_total") == 0


def test_inserts_of_the_same_table_are_no_concern(proxy, direct, database):
    direct.execute(SETTINGS)
    process = proxy(policy())
    with process.connect(database) as connection:
        with pytest.raises(psycopg.errors.UniqueViolation):
            literal(connection, "INSERT INTO settings (owner, key) VALUES (1, 'colour')")
    assert left_alone(process) == {}


def test_observe_counts_and_changes_nothing(proxy, direct, database):
    direct.execute(SETTINGS)
    process = proxy(policy(), "observe")
    with process.connect(database) as connection:
        assert literal(connection, UPDATE, ("x", 8, "k")) == (None, 0)
    assert process.metrics().nonzero("rewrites_total", "policy", "result") == {("the-policy", "observed"): 1}
    assert len(settings(direct)) == 1


@pytest.mark.parametrize("block", [False, True], ids=["autocommit", "block"])
@pytest.mark.parametrize("send", SENDERS)
def test_report_rows_attempted_counts_the_rows_that_were_sent(send, block, proxy, direct, database):
    direct.execute("CREATE TABLE t (a int CONSTRAINT t_a_key UNIQUE, b text); INSERT INTO t VALUES (1, 'first')")
    process = proxy("- {name: p, table: public.t, constraint: t_a_key, action: do_nothing, report_rows: attempted}")
    text = "INSERT INTO t VALUES (%s, 'x'), (%s, 'x'), (%s, 'y')"
    with process.connect(database) as connection:
        if block:
            with connection.transaction():
                assert send(connection, text, (1, 2, 2)) == (None, 3)
        else:
            assert send(connection, text, (1, 2, 2)) == (None, 3)
            assert send(connection, "INSERT INTO t SELECT 1, 'x'") == (None, 0)  # nobody knows how many there were
    assert direct.execute("SELECT * FROM t ORDER BY 1").fetchall() == [(1, "first"), (2, "x")]
    metrics = process.metrics()
    assert metrics.total("conflicts_absorbed_total") >= 2
