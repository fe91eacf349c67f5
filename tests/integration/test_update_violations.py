"""do_nothing for UPDATE: the violation of the policy's constraint becomes `UPDATE 0`, and nothing else changes."""

import psycopg
import pytest
from harness import messages
from harness.senders import SENDERS, literal, parameters, prepared
from harness.wire_client import WireClient

USERS = """
CREATE TABLE users (
  id int PRIMARY KEY, email text CONSTRAINT users_email_key UNIQUE, badge int CONSTRAINT users_badge_key UNIQUE);
INSERT INTO users VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3);
"""
UPDATE = "UPDATE users SET email = %s WHERE id = %s"
RETURNING = UPDATE + " RETURNING id, email AS address, now()"


def policy(**keys):
    lines = {
        "table": "public.users",
        "constraint": "users_email_key",
        "statement": "update",
        "action": "do_nothing",
        **keys,
    }
    return "- name: taken\n" + "".join(f"  {key}: {value}\n" for key, value in lines.items())


def emails(direct):
    return [row[0] for row in direct.execute("SELECT email FROM users ORDER BY id").fetchall()]


def absorbed(process):
    return process.metrics().nonzero("conflicts_absorbed_total", "constraint", "apply")


def left_alone(process):
    return process.metrics().nonzero("left_alone_total", "reason")


def violations(process):
    return process.metrics().nonzero("constraint_violations_total", "constraint", "statement")


@pytest.mark.parametrize("send", SENDERS)
class TestEachProtocol:
    def test_a_taken_value_changes_nothing(self, send, proxy, direct, database):
        direct.execute(USERS)
        process = proxy(policy())
        with process.connect(database) as connection:
            assert send(connection, UPDATE, ("b", 1)) == (None, 0)
            assert send(connection, UPDATE, ("new", 1)) == (None, 1)
            assert send(connection, UPDATE, ("b", 3)) == (None, 0)
            assert send(connection, UPDATE, ("x", 9)) == (None, 0)
            assert send(connection, "SELECT count(*) FROM users") == ([(3,)], 1)
        assert emails(direct) == ["new", "b", "c"]
        assert absorbed(process) == {("users_email_key", "on_violation"): 2}
        assert process.metrics().total("statements_total", command="update") == 4
        assert violations(process) == {} and left_alone(process) == {}
        assert process.metrics().total("errors_total") == 0

    def test_all_rows_or_none(self, send, proxy, direct, database):
        direct.execute(USERS)
        process = proxy(policy())
        with process.connect(database) as connection:
            assert send(connection, "UPDATE users SET email = %s WHERE id > %s", ("same", 1)) == (None, 0)
        assert emails(direct) == ["a", "b", "c"]

    def test_returning_has_no_rows_when_the_policy_says_so(self, send, proxy, direct, database):
        direct.execute(USERS)
        process = proxy(policy(returning="omit"))
        with process.connect(database) as connection:
            assert send(connection, RETURNING, ("b", 1)) == ([], 0)
            rows, count = send(connection, RETURNING, ("new", 1))
            assert rows[0][:2] == (1, "new") and count == 1
            connection.execute("BEGIN")
            with pytest.raises(psycopg.errors.UniqueViolation):
                send(connection, RETURNING, ("b", 1))
            connection.execute("ROLLBACK")
        assert absorbed(process) == {("users_email_key", "on_violation"): 1}

    def test_returning_is_left_alone_otherwise(self, send, proxy, direct, database):
        direct.execute(USERS)
        process = proxy(policy())
        with process.connect(database) as connection, pytest.raises(psycopg.errors.UniqueViolation):
            send(connection, RETURNING, ("b", 1))
        assert left_alone(process) == {"returning": 1}

    def test_another_constraint_is_the_clients_error(self, send, proxy, direct, database):
        direct.execute(USERS)
        process = proxy(policy())
        with process.connect(database) as connection, pytest.raises(psycopg.errors.UniqueViolation) as failure:
            send(connection, "UPDATE users SET badge = %s WHERE id = %s", (2, 1))
        assert failure.value.diag.constraint_name == "users_badge_key"
        assert violations(process) == {("users_badge_key", "update"): 1}
        assert absorbed(process) == {} and left_alone(process) == {}

    def test_a_block_has_failed(self, send, proxy, direct, database):
        direct.execute(USERS)
        process = proxy(policy())
        with process.connect(database) as connection:
            connection.execute("BEGIN")
            with pytest.raises(psycopg.errors.UniqueViolation):
                send(connection, UPDATE, ("b", 1))
            with pytest.raises(psycopg.errors.InFailedSqlTransaction):
                send(connection, "SELECT 1")
            connection.execute("ROLLBACK")
        assert left_alone(process) == {"pipeline": 1}
        assert violations(process) == {("users_email_key", "update"): 1}

    @pytest.mark.parametrize("text, rows", [(UPDATE, None), (RETURNING, [])])
    def test_a_block_goes_on_behind_a_savepoint(self, text, rows, send, proxy, direct, database):
        direct.execute(USERS)
        process = proxy(policy(apply="on_violation", returning="omit"))
        with process.connect(database) as connection, connection.transaction():
            assert send(connection, UPDATE, ("new", 1)) == (None, 1)
            assert send(connection, text, ("b", 3)) == (rows, 0)
            assert send(connection, UPDATE, ("late", 2)) == (None, 1)
            assert emails(direct) == ["a", "b", "c"]
        assert emails(direct) == ["new", "late", "c"]
        assert absorbed(process) == {("users_email_key", "on_violation"): 1}
        assert process.metrics().nonzero("savepoints_total", "result") == {"released": 2, "rolled_back": 1}

    def test_a_violation_inside_a_trigger_is_never_absorbed(self, send, proxy, direct, database):
        """rewrite.md 6: field W; the trigger's own statement failed, not the client's."""
        direct.execute(USERS)
        direct.execute("""
            CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS
              $$BEGIN UPDATE users SET email = 'c' WHERE id = 2; RETURN NEW; END$$;
            CREATE TRIGGER also AFTER UPDATE OF badge ON users FOR EACH ROW EXECUTE FUNCTION also()""")
        process = proxy(policy())
        with process.connect(database) as connection, pytest.raises(psycopg.errors.UniqueViolation):
            send(connection, "UPDATE users SET badge = %s WHERE id = %s", (7, 1))
        assert absorbed(process) == {}
        assert violations(process) == {("users_email_key", "update"): 1}

    def test_what_a_cte_wrote_is_not_lost_unseen(self, send, proxy, direct, database):
        direct.execute(USERS)
        direct.execute("CREATE TABLE log (word text); INSERT INTO log VALUES ('kept')")
        process = proxy(policy())
        with process.connect(database) as connection, pytest.raises(psycopg.errors.UniqueViolation):
            send(connection, "WITH d AS (DELETE FROM log) " + UPDATE, ("b", 1))
        assert left_alone(process) == {"update_shape": 1}
        assert direct.execute("SELECT count(*) FROM log").fetchone() == (1,)


def kinds(received):
    return [(message.kind, message.body) for message in received]


@pytest.mark.parametrize("block", [False, True], ids=["autocommit", "block"])
def test_the_messages_are_those_of_an_update_of_no_rows(block, proxy, direct, database, postgres):
    """RowDescription included: types, table and column numbers, formats."""
    direct.execute(USERS)
    process = proxy(policy(returning="omit", apply="on_violation" if block else "auto"))
    text = "UPDATE users SET email = %s WHERE id = {} RETURNING id, email AS address, badge * 2"

    def answers(address, target):
        with WireClient(address) as client:
            client.log_in(database=database)
            if block:
                client.query("BEGIN")
            simple = client.query(text.format(target) % "'b'")
            client.send(
                messages.one_statement(text.format(target) % "$1", [b"b"], [1]),
                messages.close_portal(),
                messages.describe_statement(),
                messages.SYNC,
            )
            return kinds(simple) + kinds(client.read_until_ready())

    through = answers(("127.0.0.1", process.port), 1)
    assert through == answers(("127.0.0.1", postgres.port), 9)
    assert [kind for kind, _ in through] == list("TCZ") + list("12TC3tTZ")
    assert absorbed(process) == {("users_email_key", "on_violation"): 2}


@pytest.mark.parametrize("block", [False, True], ids=["autocommit", "block"])
def test_a_flush_instead_of_a_sync(block, proxy, direct, database):
    direct.execute(USERS)
    process = proxy(policy(apply="on_violation"))
    with WireClient(("127.0.0.1", process.port)) as client:
        client.log_in(database=database)
        if block:
            client.query("BEGIN")
        client.send(messages.one_statement("UPDATE users SET email = 'b' WHERE id = 1"), messages.FLUSH)
        received = client.read_until("C", "E")
        assert [m.kind for m in received] == list("12nC") and received[-1].tag == "UPDATE 0"
        client.send(messages.one_statement("UPDATE users SET email = 'z' WHERE id = 1"), messages.SYNC)
        received = client.read_until_ready()
        assert [m.kind for m in received] == list("12nCZ") and received[3].tag == "UPDATE 1"
        assert received[-1].body == (b"T" if block else b"I")
    assert absorbed(process) == {("users_email_key", "on_violation"): 1}


def test_a_pipeline_is_left_alone(proxy, direct, database):
    direct.execute(USERS)
    process = proxy(policy())
    with process.connect(database) as connection:
        connection.execute("SELECT 1")
        with pytest.raises(psycopg.errors.UniqueViolation), connection.pipeline():
            connection.execute(UPDATE, ("b", 1))
            connection.execute(UPDATE, ("c", 1))
    assert emails(direct) == ["a", "b", "c"]
    assert left_alone(process) == {"pipeline": 1}


def test_a_deferred_constraint_is_the_commits(proxy, direct, database):
    """The statement has been answered by then, so the policy has no say."""
    direct.execute(USERS)
    direct.execute("""ALTER TABLE users DROP CONSTRAINT users_email_key,
        ADD CONSTRAINT users_email_key UNIQUE (email) DEFERRABLE INITIALLY DEFERRED""")
    process = proxy(policy(returning="omit"))
    with process.connect(database) as connection:
        for send in (literal, parameters, prepared):
            with pytest.raises(psycopg.errors.UniqueViolation):
                send(connection, RETURNING, ("b", 1))
    assert absorbed(process) == {}
    # In a Query the COMMIT is part of the statement, so that it is asked about; else it is the Sync's.
    assert left_alone(process) == {"deferrable": 1}
    assert emails(direct) == ["a", "b", "c"]


def test_a_partition_counts_for_its_table(proxy, direct, database):
    direct.execute("""
        CREATE TABLE users (id int, day int, email text, CONSTRAINT users_email_key UNIQUE (email, day)) PARTITION BY LIST (day);
        CREATE TABLE users_1 PARTITION OF users FOR VALUES IN (1);
        CREATE TABLE users_2 PARTITION OF users FOR VALUES IN (2);
        INSERT INTO users VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'a')""")
    process = proxy(policy())
    with process.connect(database) as connection:
        assert literal(connection, UPDATE, ("a", 2)) == (None, 0)
        assert prepared(connection, "UPDATE users SET day = %s WHERE id = %s", (2, 1)) == (None, 0)
    assert absorbed(process) == {("users_email_key", "on_violation"): 2}


def test_observe_counts_and_forwards(proxy, direct, database):
    direct.execute(USERS)
    process = proxy(policy(), mode="observe")
    with process.connect(database) as connection:
        for send in SENDERS:
            with pytest.raises(psycopg.errors.UniqueViolation):
                send(connection, UPDATE, ("b", 1))
    assert process.metrics().nonzero("rewrites_total", "result") == {"observed": 4}
    assert violations(process) == {("users_email_key", "update"): 4}
