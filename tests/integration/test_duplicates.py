"""`duplicates: first | last`: one multi-row INSERT that names a key twice."""

import psycopg
import pytest
from harness.senders import literal, parameters

TABLE = "CREATE TABLE t (a int CONSTRAINT t_a_key UNIQUE, b text); INSERT INTO t VALUES (1, 'old')"
TEXT = "INSERT INTO t (b, a) VALUES ('x', 2), ('é', 1) /* a */, ('y', 2), ('z', '02') -- end"


def policy(**keys):
    lines = {"table": "public.t", "constraint": "t_a_key", "action": "do_update", **keys}
    return "- name: the-policy\n" + "".join(f"  {key}: {value}\n" for key, value in lines.items())


def rows(direct):
    return direct.execute("SELECT * FROM t ORDER BY a").fetchall()


@pytest.mark.parametrize("apply", ["on_violation", "up_front"])
@pytest.mark.parametrize("kept, value", [("first", "x"), ("last", "z")])
def test_one_row_of_each_key_is_sent(kept, value, apply, proxy, direct, database):
    direct.execute(TABLE)
    process = proxy(policy(duplicates=kept, apply=apply))
    with process.connect(database) as connection:
        assert literal(connection, TEXT) == (None, 2)
        assert literal(connection, "INSERT INTO t VALUES (7, 'a'), (8, 'b')") == (None, 2)
    assert rows(direct) == [(1, "é"), (2, value), (7, "a"), (8, "b")]
    assert process.metrics().total("rewrite_errors_total") == 0


def test_the_tag_may_count_all_that_were_sent(proxy, direct, database):
    direct.execute(TABLE)
    process = proxy(policy(duplicates="last", report_rows="attempted"))
    with process.connect(database) as connection, connection.transaction():
        assert literal(connection, TEXT) == (None, 4)
    assert rows(direct) == [(1, "é"), (2, "z")]


def test_do_nothing_keeps_the_last_when_asked(proxy, direct, database):
    direct.execute(TABLE)
    process = proxy(policy(duplicates="last", action="do_nothing"))
    with process.connect(database) as connection, connection.transaction():
        assert literal(connection, TEXT) == (None, 1)
    assert rows(direct) == [(1, "old"), (2, "z")]
    assert process.metrics().total("conflicts_absorbed_total") == 3


def test_what_cannot_be_compared_is_left_alone(proxy, direct, database):
    direct.execute(TABLE)
    process = proxy(policy(duplicates="last", apply="up_front"))
    with process.connect(database) as connection:
        for send, text, values in (
            (parameters, "INSERT INTO t VALUES (%s, 'x'), (%s, 'y')", (2, 2)),
            (literal, "INSERT INTO t VALUES (1 + 1, 'x'), (2, 'y')", ()),
            (literal, "INSERT INTO t (a, b) SELECT 1, 'x'", ()),
        ):
            with pytest.raises(psycopg.errors.UniqueViolation):
                send(connection, text, values)
    assert process.metrics().nonzero("left_alone_total", "reason") == {"proof": 3}


def test_an_error_behind_the_rows_points_into_the_client_s_text(proxy, direct, database):
    direct.execute(TABLE)
    process = proxy(policy(duplicates="last", apply="up_front"))
    text = "INSERT INTO t VALUES (2, 'é'), (2, 'y'); SELECT nothing_like_it"
    with process.connect(database) as connection:
        with pytest.raises(psycopg.errors.UndefinedColumn) as failure:
            literal(connection, text)
    assert failure.value.diag.statement_position == str(text.index("nothing_like_it") + 1)
