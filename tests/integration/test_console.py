"""The console, from psql and from drivers: who gets in, what each statement returns, in which types, and what is refused."""

import datetime
import json
import os
import shutil
import subprocess

import psycopg
import pytest
from harness import messages
from harness.proxy_process import binary
from harness.waiting import wait_until
from harness.wire_client import WireClient

POLICY = """
- {name: sign-up, mode: observe, table: public.t, constraint: t_pkey, action: do_nothing}
- {name: other, table: public.u, constraint: u_pkey, action: do_nothing}
"""
CANARY = "canary-4711"
TOPICS = ["violations", "policies", "rewrites", "left_alone", "suggestions", "sessions", "catalog", "config", "version"]


@pytest.fixture
def operated(proxy, direct, database):
    """A proxy with the console for `app`, which has seen a bit of everything."""
    direct.execute(
        "CREATE TABLE t (id text PRIMARY KEY); INSERT INTO t VALUES ('canary-4711');"
        "CREATE TABLE u (id int PRIMARY KEY); INSERT INTO u VALUES (1)"
    )

    def start(users="app, scram_role, md5_role, password_role", policies=POLICY, more="", **options):
        process = proxy(policies, more=f"console: {{users: [{users}]}}\n{more}", **options)
        with process.connect(database, application_name="shop") as connection:
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO t VALUES (%s)", [CANARY])
            connection.execute("INSERT INTO u VALUES (1)")
        return process

    return start


def console(process, **more):
    return process.connect("pgconcord", **more)


def rows(connection, sql, **more):
    return connection.execute(sql, **more).fetchall()


def dicts(cursor):
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def psql(process, *arguments, user="app", stdin="", **environment):
    command = ["psql", "-X", "-h", "127.0.0.1", "-p", str(process.port), "-U", user, "-d", "pgconcord", *arguments]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}
    )


class TestLogIn:
    @pytest.mark.parametrize("user", ["scram_role", "md5_role", "password_role"])
    def test_the_server_asks_for_the_password(self, operated, user):
        process = operated()
        with console(process, user=user, password=user) as connection:
            assert rows(connection, "SELECT current_user") == [(user,)]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            console(process, user=user, password="wrong")
        wait_until(lambda: process.metrics().total("upstream_connections") == 0, "every server is left")

    def test_only_listed_users_come_in(self, operated):
        process = operated("scram_role")
        with pytest.raises(psycopg.OperationalError, match="this user may not use the console"):
            console(process)

    def test_a_user_the_server_does_not_know_is_not_let_in(self, operated):
        process = operated("nobody")
        with pytest.raises(psycopg.OperationalError, match='role "nobody" does not exist'):
            console(process, user="nobody")

    def test_it_is_off_by_default(self, proxy):
        with pytest.raises(psycopg.OperationalError, match='database "pgconcord" does not exist'):
            console(proxy(POLICY))

    def test_another_name(self, operated, database):
        process = operated(more="")
        text = process.config_path.read_text().replace("console: {", "console: {database: ops, ")
        process.rewrite_config(text)
        with process.connect("ops") as connection:
            assert rows(connection, "SELECT current_database()") == [("ops",)]
        with process.connect(database) as connection:
            assert rows(connection, "SELECT current_database()") == [(database,)]

    def test_the_server_is_left_once_the_user_is_known(self, operated, postgres, direct):
        process = operated()
        with console(process) as connection:
            connection.execute("SELECT 1")
            found = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgconcord console'"
            wait_until(lambda: direct.execute(found).fetchone() == (0,), "the server has no session of it")

    def test_without_a_server_nobody_comes_in(self, proxy):
        process = proxy(POLICY, upstream="127.0.0.1:1", more="console: {users: [app]}\n")
        with pytest.raises(psycopg.OperationalError, match="the database server is not available"):
            console(process)

    def test_a_reload_takes_the_right_away(self, operated):
        process = operated()
        with console(process) as connection:
            connection.execute("SELECT 1")
            process.rewrite_config(process.config_path.read_text().replace("users: [app,", "users: ["))
            with pytest.raises(psycopg.OperationalError, match="may no longer use the console"):
                connection.execute("SELECT 1")

    def test_patterns_of_users_are_refused(self, tmp_path):
        config = tmp_path / "pgconcord.yaml"
        config.write_text("version: 1\nconsole: {users: ['*']}\n")
        done = subprocess.run([binary(), "check", "--config", config], capture_output=True, text=True)
        assert done.returncode == 1 and "takes no patterns" in done.stderr

    def test_over_tls(self, secure_proxy):
        process = secure_proxy()
        process.rewrite_config(process.config_path.read_text() + "console: {users: [scram_role]}\n")
        with console(process, user="scram_role", password="scram_role", sslmode="require") as connection:
            assert connection.pgconn.ssl_in_use and rows(connection, "SELECT 1") == [(1,)]
        with pytest.raises(psycopg.OperationalError, match="without TLS"):
            console(process, user="scram_role", password="scram_role", sslmode="disable")


class TestScram:
    def test_the_proxy_ends_it(self, proxy, direct, tmp_path):
        verifier = direct.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'scram_role'").fetchone()[0]
        users = tmp_path / "users.txt"
        users.write_text(f'"scram_role" "{verifier}"\n')
        users.chmod(0o600)
        process = proxy(more=f"auth: {{mode: scram, users_file: {users}}}\nconsole: {{users: [scram_role]}}\n")
        with console(process, user="scram_role", password="scram_role") as connection:
            assert rows(connection, "SELECT 1") == [(1,)]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            console(process, user="scram_role", password="wrong")


class TestPsql:
    def test_each_topic_is_a_table(self, operated):
        process = operated()
        for topic in TOPICS + ["help"]:
            done = psql(process, "-c", f"SHOW {topic.upper()}")
            assert (done.returncode, done.stderr) == (0, "") and " row" in done.stdout, topic

    def test_violations_tell_what_the_interface_tells(self, operated, database):
        done = psql(operated(), "-A", "-t", "-c", "SHOW VIOLATIONS")
        assert done.stdout.startswith(f"{database}|public|t|t_pkey|unique|insert|shop|1|")

    def test_conninfo_and_several_statements(self, operated):
        done = psql(operated(), stdin="\\conninfo\nSELECT 1;\nBEGIN;\nSHOW VERSION;\nCOMMIT;\n\\echo :DBNAME\n")
        assert done.returncode == 0 and done.stderr == ""
        assert 'connected to database "pgconcord" as user "app"' in done.stdout
        assert "COMMIT" in done.stdout and done.stdout.endswith("pgconcord\n")

    def test_an_unknown_statement_says_where_help_is(self, operated):
        done = psql(operated(), "-c", "SELECT * FROM violations")
        assert done.returncode == 1 and "HINT:  Use SHOW HELP for a list." in done.stderr

    def test_reload_and_policy(self, operated, database):
        process = operated()
        done = psql(process, "-c", "SET POLICY sign-up MODE enforce", "-c", "SHOW POLICIES")
        assert done.returncode == 0 and "sign-up | enforce" in done.stdout
        with process.connect(database) as connection:
            assert connection.execute("INSERT INTO t VALUES (%s)", [CANARY]).rowcount == 0
        assert psql(process, "-c", "RELOAD").stdout == "RELOAD\n"
        assert "sign-up | observe" in psql(process, "-c", "SHOW POLICIES").stdout
        process.config_path.write_text("version: 2\n")
        done = psql(process, "-c", "RELOAD")
        assert done.returncode == 1 and "pgconcord.yaml:1:" in done.stderr

    def test_mistakes_say_the_way_out(self, operated):
        process = operated()
        process.rewrite_config(process.config_path.read_text().replace("mode: enforce\n", "mode: observe\n", 1))
        for sql, expected in (
            ("SET POLICY nobody MODE off", "the policies are sign-up, other"),
            ("SET POLICY sign-up MODE enforce", "mode: enforce"),
            ("SET POLICY sign-up MODE on", "off, observe or enforce"),
        ):
            done = psql(process, "-c", sql)
            assert done.returncode == 1 and expected in done.stderr

    def test_explain_rewrite(self, operated):
        done = psql(operated(), "-x", "-c", "EXPLAIN REWRITE INSERT INTO u VALUES (2)")
        assert "ON CONFLICT" in done.stdout and "policy      | other" in done.stdout
        done = psql(operated(), "-x", "-c", "EXPLAIN REWRITE SELECT 1")
        assert "no policy concerns it" in done.stdout

    def test_ctrl_c_hurts_nobody(self, operated):
        """A cancel request of a console session finds nothing to cancel."""
        process = operated()
        with console(process) as connection:
            connection.execute("SELECT 1")
            connection.cancel()
            assert rows(connection, "SELECT 1") == [(1,)]


class TestPsycopg:
    @pytest.mark.parametrize("binary", [False, True])
    def test_types_are_real(self, operated, binary):
        with console(operated()) as connection:
            (violation,) = dicts(connection.execute("SHOW VIOLATIONS", binary=binary))
            assert violation["count"] == 1 and violation["autocommit"] == 1 and violation["race"] == 0
            assert abs(violation["last_seen"] - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(minutes=5)
            policies = {row["policy"]: row for row in dicts(connection.execute("SHOW POLICIES", binary=binary))}
            assert policies["other"]["suspended"] is False and policies["other"]["absorbed"] == 1
            sessions = dicts(connection.execute("SHOW SESSIONS", binary=binary))
            (own,) = [row for row in sessions if row["state"] == "console"]
            assert own["database"] == "pgconcord" and own["backend_pid"] == connection.info.backend_pid
            assert ("other", "rewritten", 1) in {
                (row["policy"], row["result"], row["count"])
                for row in dicts(connection.execute("SHOW REWRITES", binary=binary))
            }
            config = dict(rows(connection, "SHOW CONFIG", binary=binary))
            assert config["mode"] == "enforce" and config["policies[0].name"] == "sign-up"

    def test_every_topic_in_both_formats_and_protocols_is_the_same(self, operated):
        process = operated()
        with console(process) as one, psycopg.ClientCursor(one) as simple:
            for topic in TOPICS:
                if topic == "sessions":
                    continue
                text = rows(one, f"SHOW {topic}")
                assert rows(one, f"SHOW {topic}", binary=True) == text
                assert simple.execute(f"SHOW {topic}").fetchall() == text

    def test_prepared_statements_and_transactions(self, operated):
        with console(operated(), autocommit=False) as connection:
            for _ in range(10):
                assert connection.execute("SELECT 1 AS one", prepare=True).fetchone() == (1,)
            with pytest.raises(psycopg.errors.SyntaxError) as caught:
                connection.execute("DELETE FROM violations")
            assert caught.value.diag.message_hint == "Use SHOW HELP for a list."
            with pytest.raises(psycopg.errors.InFailedSqlTransaction):
                connection.execute("SELECT 1")
            connection.rollback()
            with connection.transaction():
                assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_pipelines(self, operated):
        with console(operated()) as connection, connection.pipeline():
            cursors = [connection.execute("SHOW VERSION") for _ in range(20)]
            assert len({cursor.fetchone() for cursor in cursors}) == 1

    def test_a_named_cursor_fetches_in_parts(self, operated):
        process = operated()
        with WireClient(("127.0.0.1", process.port)) as client:
            client.send(messages.startup(user="app", database="pgconcord"))
            while client.read_message().kind != "Z":
                pass
            client.send(
                messages.parse("SHOW CONFIG") + messages.bind(portal="p") + messages.execute("p", 3) + messages.SYNC
            )
            kinds = ""
            while not kinds.endswith("Z"):
                kinds += client.read_message().kind
            assert kinds == "12DDDsZ"


class TestAnswers:
    def test_no_value_is_told_anywhere(self, operated):
        with console(operated()) as connection:
            text = ""
            for topic in TOPICS:
                text += json.dumps(rows(connection, f"SHOW {topic}"), default=str)
        assert "t_pkey" in text and CANARY not in text

    def test_left_alone_is_explained(self, operated, database):
        process = operated()
        with process.connect(database) as connection, connection.transaction():
            connection.execute("INSERT INTO u VALUES (1) ON CONFLICT DO NOTHING")
        with console(process) as connection:
            found = {(row["policy"], row["reason"]): row for row in dicts(connection.execute("SHOW LEFT_ALONE"))}
            row = found["other", "has_on_conflict"]
            assert row["count"] == 1 and row["explanation"]

    def test_the_catalog_is_told(self, operated, database):
        with console(operated()) as connection:
            found = dicts(connection.execute("SHOW CATALOG"))
            assert {"u_pkey", "t_pkey"} == {row["constraint"] for row in found}
            assert {row["database"] for row in found} == {database} and all(row["valid"] for row in found)

    def test_many_at_once(self, operated):
        process = operated()
        connections = [console(process) for _ in range(20)]
        for connection in connections:
            connection.pgconn.send_query(b"SHOW POLICIES; SHOW SESSIONS; SHOW CONFIG")
        for connection in connections:
            results = []
            while (result := connection.pgconn.get_result()) is not None:
                results.append(result.ntuples)
            assert results[0] == 2 and results[1] >= 20 and results[2] > 10
        for connection in connections:
            connection.close()

    def test_a_client_that_leaves_before_its_answer(self, operated):
        process = operated()
        for _ in range(20):
            connection = console(process)
            connection.pgconn.send_query(b"SHOW VIOLATIONS; SHOW POLICIES")
            connection.close()
        wait_until(lambda: process.metrics().total("client_connections") == 0, "nobody is left")
        with console(process) as connection:
            assert rows(connection, "SELECT 1") == [(1,)]

    def test_a_half_closed_client_gets_its_answer(self, operated):
        import socket

        process = operated()
        with WireClient(("127.0.0.1", process.port)) as client:
            client.send(messages.startup(user="app", database="pgconcord"))
            while client.read_message().kind != "Z":
                pass
            client.send(messages.query("SHOW VERSION"))
            client.socket.shutdown(socket.SHUT_WR)
            kinds = ""
            while not kinds.endswith("Z"):
                kinds += client.read_message().kind
            assert kinds == "TDCZ"

    def test_a_drain_ends_it(self, operated):
        process = operated()
        connection = console(process)
        connection.execute("SELECT 1")
        process.process.terminate()
        assert process.process.wait(20) == 0
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")

    def test_mode_off_leaves_it(self, operated):
        process = operated()
        process.rewrite_config(process.config_path.read_text().replace("mode: enforce\n", "mode: 'off'\n", 1))
        with console(process) as connection:
            assert dict(rows(connection, "SHOW CONFIG"))["mode"] == "off"


NODE = """
const { Client } = require('pg');
(async () => {
  const client = new Client({ host: '127.0.0.1', port: +process.argv[2], user: 'app', database: 'pgconcord' });
  await client.connect();
  const simple = await client.query('SHOW POLICIES');
  const named = await client.query({ name: 'v', text: 'SHOW VIOLATIONS', rowMode: 'array' });
  const again = await client.query({ name: 'v', text: 'SHOW VIOLATIONS', rowMode: 'array' });
  let hint = '';
  try { await client.query('SELECT * FROM x'); } catch (error) { hint = error.hint; }
  const one = await client.query('SELECT 1 AS one');
  await client.end();
  console.log(JSON.stringify({
    suspended: simple.rows[0].suspended, count: named.rows[0][7], seen: named.rows[0][17] instanceof Date,
    same: again.rows.length === named.rows.length, hint, one: one.rows[0].one,
  }));
})().catch((error) => { console.error(error); process.exit(1); });
"""


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("node")
    done = subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "pg@8"], cwd=folder, capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip("npm cannot install pg: " + done.stderr[-200:])
    return folder


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
def test_node_postgres(operated, node_modules):
    script = node_modules / "console.js"
    script.write_text(NODE)
    done = subprocess.run(
        ["node", script, str(operated().port)], capture_output=True, text=True, cwd=node_modules, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "suspended": False, "count": "1", "seen": True, "same": True, "hint": "Use SHOW HELP for a list.", "one": 1,
    }  # fmt: skip


JAVA = """
import java.sql.*;
public class Console {
  public static void main(String[] arguments) throws Exception {
    String url = "jdbc:postgresql://127.0.0.1:" + arguments[0] + "/pgconcord?user=app&ApplicationName=jdbc";
    try (Connection connection = DriverManager.getConnection(url)) {
      try (PreparedStatement statement = connection.prepareStatement("SHOW VIOLATIONS")) {
        for (int i = 0; i < 10; i++) {
          try (ResultSet rows = statement.executeQuery()) {
            if (!rows.next() || rows.getLong("count") != 1) throw new Exception("count");
            if (rows.getObject("last_seen", java.time.OffsetDateTime.class) == null) throw new Exception("time");
          }
        }
      }
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(3);
        int count = 0;
        try (ResultSet rows = statement.executeQuery("SHOW CONFIG")) { while (rows.next()) count++; }
        if (count < 10) throw new Exception("rows " + count);
        connection.commit();
        try (ResultSet rows = statement.executeQuery("SHOW POLICIES")) {
          rows.next();
          if (rows.getBoolean("suspended") || rows.getMetaData().getColumnType(9) != Types.BIGINT) throw new Exception("type");
        }
        try { statement.executeQuery("SELECT * FROM x"); throw new Exception("no error"); }
        catch (SQLException error) { if (!"0A000".equals(error.getSQLState())) throw error; }
        connection.rollback();
        if (connection.getTransactionIsolation() != Connection.TRANSACTION_READ_COMMITTED) throw new Exception("level");
        if (!connection.isValid(5)) throw new Exception("valid");
        statement.executeUpdate("SET POLICY sign-up MODE off");
        connection.commit();
      }
    }
    System.out.println("done");
  }
}
"""


@pytest.fixture(scope="session")
def pgjdbc(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pgjdbc")
    goal = [
        "mvn",
        "-q",
        "-B",
        "dependency:copy",
        "-Dartifact=org.postgresql:postgresql:42.7.4",
        f"-DoutputDirectory={folder}",
    ]
    done = subprocess.run(goal, cwd=folder, capture_output=True, text=True, timeout=600)
    jars = list(folder.glob("postgresql-*.jar"))
    if done.returncode != 0 or not jars:
        pytest.skip("Maven cannot fetch pgjdbc: " + (done.stdout + done.stderr)[-200:])
    return jars[0]


@pytest.mark.skipif(not (shutil.which("mvn") and shutil.which("javac")), reason="no JDK with Maven is installed")
def test_pgjdbc(operated, pgjdbc, tmp_path):
    source = tmp_path / "Console.java"
    source.write_text(JAVA)
    process = operated()
    command = ["java", "-cp", str(pgjdbc), str(source), str(process.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr
    with console(process) as connection:
        modes = {row["policy"]: row["mode"] for row in dicts(connection.execute("SHOW POLICIES"))}
        assert modes["sign-up"] == "off"
