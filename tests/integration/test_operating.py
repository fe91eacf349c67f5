"""What an operator asks of a running proxy over HTTP: changes with a token, sessions, explanations, the configuration."""

import contextlib
import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import psycopg
import pytest
from harness.proxy_process import binary, configuration
from harness.waiting import wait_until

TOKEN = "0123456789abcdef0123456789abcdef"
POLICY = "- {name: p, mode: observe, table: public.t, constraint: t_pkey, action: do_nothing}\n"


def ask(process, path, method="GET", token=None, body=None, kind="application/json"):
    """(status, body) of one request; JSON is read."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if body is not None:
        headers["Content-Type"] = kind
        body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{process.admin}{path}", body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            status, answer, kind = reply.status, reply.read().decode(), reply.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        status, answer, kind = error.code, error.read().decode(), error.headers["Content-Type"]
    return status, json.loads(answer) if kind.startswith("application/json") else answer


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def operated(proxy, token_file, direct):
    direct.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")

    def start(policies=POLICY, mode="enforce", **more):
        process = proxy(policies, mode, **more)
        process.rewrite_config(with_token(process.config_path.read_text(), token_file))
        return process

    return start


def with_token(config, token_file):
    return re.sub(r"admin: \{", f"admin: {{token_file: {token_file}, ", config)


def verb(*arguments):
    return subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, timeout=30)


def sessions(process):
    return ask(process, "/api/v1/sessions")[1]["sessions"]


class TestToken:
    def test_without_one_nothing_is_changed(self, proxy):
        process = proxy(POLICY)
        for path in ("/api/v1/reload", "/api/v1/drain", "/api/v1/policies/p/mode"):
            status, answer = ask(process, path, "POST", TOKEN, {"mode": "off"})
            assert status == 403 and "admin.token_file" in answer["error"]
        assert ask(process, "/readyz")[0] == 200

    def test_a_wrong_one_is_refused(self, operated):
        process = operated()
        for shown in (None, TOKEN[:-1], TOKEN + "0", TOKEN[:-1] + "X"):
            status, answer = ask(process, "/api/v1/drain", "POST", shown)
            assert status == 401 and TOKEN not in json.dumps(answer)
        assert ask(process, "/readyz")[0] == 200

    def test_it_follows_the_file_at_a_reload(self, operated, token_file):
        process = operated()
        token_file.write_text("another-token-of-16-bytes")
        assert ask(process, "/api/v1/reload", "POST", TOKEN)[0] == 200
        assert ask(process, "/api/v1/reload", "POST", TOKEN)[0] == 401
        assert ask(process, "/api/v1/reload", "POST", "another-token-of-16-bytes")[0] == 200

    def test_a_file_that_everyone_reads_is_warned_of(self, operated, token_file):
        token_file.chmod(0o644)
        process = operated()
        assert "every user of this machine may read it" in process.output()
        assert TOKEN not in process.output()

    def test_a_file_that_cannot_be_used_stops_the_start(self, tmp_path, upstream):
        config = tmp_path / "pgconcord.yaml"
        config.write_text(with_token(configuration(upstream), tmp_path / "missing"))
        done = verb("check", "--config", config)
        assert done.returncode == 1 and "pgconcord.yaml:8:" in done.stderr
        assert "cannot be read" in done.stderr and "openssl rand" in done.stderr


class TestReload:
    def test_is_in_force_when_it_is_answered(self, operated):
        process = operated()
        text = process.config_path.read_text()
        process.config_path.write_text(text.replace("name: p,", "name: q,"))
        status, answer = ask(process, "/api/v1/reload", "POST", TOKEN)
        assert status == 200 and answer["policies"] == 1
        assert [each["name"] for each in ask(process, "/api/v1/policies")[1]["policies"]] == ["q"]

    def test_what_is_wrong_is_told_with_its_place(self, operated):
        process = operated()
        text = process.config_path.read_text()
        process.config_path.write_text(text.replace("mode: enforce", "mode: enforced"))
        status, answer = ask(process, "/api/v1/reload", "POST", TOKEN)
        assert status == 422 and answer["errors"][0]["line"] == 2 and answer["errors"][0]["path"] == "mode"
        assert process.metrics().total("config_last_reload_successful") == 0
        process.config_path.write_text(text)
        assert ask(process, "/api/v1/reload", "POST", TOKEN)[0] == 200


class TestMode:
    def test_is_followed_by_running_sessions_until_the_next_reload(self, operated, database, direct):
        process = operated()
        with process.connect(database) as connection:
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO t VALUES (1)")
            status, _ = ask(process, "/api/v1/policies/p/mode", "POST", TOKEN, {"mode": "enforce"})
            assert status == 200
            assert connection.execute("INSERT INTO t VALUES (1)").rowcount == 0
            assert process.metrics().nonzero("policy_info", "mode") == {"enforce": 1}
            process.rewrite_config(process.config_path.read_text())
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO t VALUES (1)")
            assert process.metrics().nonzero("policy_info", "mode") == {"observe": 1}

    def test_off_stops_a_policy_at_the_next_statement(self, operated, database):
        process = operated(POLICY.replace("mode: observe", "mode: enforce"))
        with process.connect(database) as connection:
            assert connection.execute("INSERT INTO t VALUES (1)").rowcount == 0
            assert ask(process, "/api/v1/policies/p/mode", "POST", TOKEN, {"mode": "off"})[0] == 200
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO t VALUES (1)")

    def test_is_never_above_the_ceiling(self, operated):
        process = operated(mode="observe")
        status, answer = ask(process, "/api/v1/policies/p/mode", "POST", TOKEN, {"mode": "enforce"})
        assert status == 409 and "mode: enforce" in answer["help"]
        assert process.metrics().nonzero("policy_info", "mode") == {"observe": 1}

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("nobody", {"mode": "off"}, 404),
            ("p", {"mode": "on"}, 422),
            ("p", {"mood": "off"}, 400),
            ("p", "{", 400),
            ("p", None, 400),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, operated, path, body, status):
        assert ask(operated(), f"/api/v1/policies/{path}/mode", "POST", TOKEN, body)[0] == status

    def test_a_suspension_outlives_it(self, operated, database, direct):
        direct.execute("CREATE TABLE n (id int PRIMARY KEY, v int CHECK (v > 0)); INSERT INTO n VALUES (1, 1)")
        policy = (
            "- {name: p, table: public.n, constraint: n_pkey, action: do_update, apply: up_front,"
            " set: {v: 'EXCLUDED.v / 0'}}\n"
        )
        process = operated(policy)
        with process.connect(database) as connection:
            for _ in range(2):
                with pytest.raises(psycopg.Error):
                    connection.execute("INSERT INTO n VALUES (1, 1)")
        before = process.metrics().total("policy_suspended")
        ask(process, "/api/v1/policies/p/mode", "POST", TOKEN, {"mode": "observe"})
        assert process.metrics().total("policy_suspended") == before


class TestDrain:
    def test_begins_and_the_answer_goes_out(self, operated, database):
        process = operated()
        connection = process.connect(database)
        connection.execute("SELECT 1")
        # The harness's configuration gives sessions no time: this one may end at once.
        status, answer = ask(process, "/api/v1/drain", "POST", TOKEN)
        assert status == 200 and answer["sessions"] >= 1
        connection.close()
        assert process.process.wait(20) == 0

    def test_without_sessions_the_process_ends_behind_the_answer(self, operated):
        process = operated()
        assert ask(process, "/api/v1/drain", "POST", TOKEN)[0] == 200
        assert process.process.wait(20) == 0

    def test_is_seen_while_sessions_last(self, operated, database):
        process = operated(more="shutdown: {drain: 30s}\n")
        with process.connect(database) as connection:
            connection.execute("SELECT 1")
            assert ask(process, "/api/v1/drain", "POST", TOKEN)[0] == 200
            assert ask(process, "/readyz") == (503, "draining\n")
            assert ask(process, "/api/v1/drain", "POST", TOKEN)[0] == 200
            status, answer = ask(process, "/api/v1/reload", "POST", TOKEN)
            assert status == 503 and answer["error"] == "the proxy is draining"
            connection.execute("SELECT 1")
        assert process.process.wait(20) == 0


class TestSessions:
    def test_tell_what_each_one_does(self, operated, database):
        process = operated(POLICY.replace("mode: observe", "mode: enforce"))
        with (
            process.connect(database, application_name="idler") as idler,
            process.connect(database, autocommit=False, application_name="holder") as holder,
        ):
            idler.execute("INSERT INTO t VALUES (1)")
            with pytest.raises(psycopg.errors.NotNullViolation):
                idler.execute("INSERT INTO t VALUES (NULL)")
            holder.execute("SELECT 1")
            found = {each["application"]: each for each in sessions(process)}
            assert set(found) == {"idler", "holder"}
            assert found["idler"]["state"] == "idle" and found["holder"]["state"] == "idle in transaction"
            assert (found["idler"]["database"], found["idler"]["user"]) == (database, "app")
            assert (found["idler"]["rewrites"], found["idler"]["violations"]) == (1, 1)
            assert found["idler"]["statements"] >= 2
            assert found["holder"]["backend_pid"] == holder.info.backend_pid
            with pytest.raises(psycopg.errors.DivisionByZero):
                holder.execute("SELECT 1/0")
            assert "idle in transaction (aborted)" in {each["state"] for each in sessions(process)}
        wait_until(lambda: sessions(process) == [], "nobody is left")

    def test_a_running_statement_is_active_since_it_was_sent(self, operated, database, direct):
        process = operated()
        direct.execute("BEGIN; LOCK TABLE t")
        with process.connect(database) as connection:
            import threading

            thread = threading.Thread(target=lambda: connection.execute("SELECT count(*) FROM t"))
            thread.start()
            wait_until(lambda: [each["state"] for each in sessions(process)] == ["active"], "it is active")
            direct.execute("ROLLBACK")
            thread.join()
            wait_until(lambda: [each["state"] for each in sessions(process)] == ["idle"], "it is idle")

    def test_no_address_and_no_statement_is_told(self, operated, database):
        process = operated()
        with process.connect(database) as connection:
            connection.execute("SELECT 'canary-value'")
            text = json.dumps(sessions(process))
            assert "127.0.0.1" not in text and "canary" not in text and "SELECT" not in text

    def test_the_verb_shows_a_table(self, operated, database):
        process = operated()
        with process.connect(database, application_name="seen") as connection:
            connection.execute("SELECT 1")
            done = verb("sessions", "--admin", process.admin)
            assert done.returncode == 0 and re.search(r"^SESSION +DATABASE", done.stdout)
            assert re.search(rf"{database} +app +seen +idle ", done.stdout)
            as_json = verb("sessions", "--admin", process.admin, "--format", "json")
            assert json.loads(as_json.stdout)["sessions"][0]["application"] == "seen"
        wait_until(lambda: sessions(process) == [], "nobody is left")
        assert verb("sessions", "--admin", process.admin).stdout == "nobody is connected\n"

    def test_watch_shows_them_again(self, operated):
        process = operated()
        command = [binary(), "sessions", "--watch", "--admin", process.admin]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
            shown = ""
            deadline = time.monotonic() + 20
            while shown.count("nobody is connected") < 2 and time.monotonic() < deadline:
                shown += watching.stdout.readline()
            watching.send_signal(signal.SIGINT)
        assert shown.count("nobody is connected") == 2


class TestConfig:
    def test_is_the_effective_one_without_secrets(self, operated):
        process = operated()
        status, answer = ask(process, "/api/v1/config")
        assert status == 200 and answer["mode"] == "enforce" and answer["policies"][0]["name"] == "p"
        assert TOKEN not in json.dumps(answer)
        ask(process, "/api/v1/policies/p/mode", "POST", TOKEN, {"mode": "enforce"})
        assert ask(process, "/api/v1/config")[1]["policies"][0]["mode"] == "enforce"


class TestExplain:
    STATEMENT = "INSERT INTO public.t VALUES (1)"

    def test_json_plain_text_and_form(self, operated, database):
        process = operated(POLICY.replace("mode: observe", "mode: enforce"))
        with process.connect(database) as connection:
            connection.execute("SELECT 1")  # the catalog is known now
        _, answer = ask(process, "/api/v1/explain", "POST", None, {"sql": self.STATEMENT, "database": database})
        outcomes = answer["statements"][0]["outcomes"]
        assert {each["moment"] for each in outcomes} == {"up_front", "on_violation"}
        assert all("ON CONFLICT" in each["sql"] for each in outcomes)
        assert ask(process, "/api/v1/explain", "POST", None, self.STATEMENT, "text/plain")[1] == answer
        form = urllib.parse.urlencode({"sql": self.STATEMENT, "database": database})
        status, page = ask(process, "/api/v1/explain", "POST", None, form, "application/x-www-form-urlencoded")
        assert status == 200 and "ON CONFLICT" in page and "<textarea" in page

    def test_without_a_catalog_the_statement_is_judged_alone(self, operated):
        _, answer = ask(operated(), "/api/v1/explain", "POST", None, {"sql": self.STATEMENT})
        assert answer["statements"][0]["outcomes"]

    def test_changes_nothing(self, operated, database, direct):
        process = operated(POLICY.replace("mode: observe", "mode: enforce"))
        ask(process, "/api/v1/explain", "POST", None, {"sql": "DROP TABLE t; INSERT INTO t VALUES (9)"})
        assert direct.execute("SELECT count(*) FROM t").fetchone() == (1,)

    @pytest.mark.parametrize("body", ["", "{}", "[" * 5000, '{"sql": ""}', "\0"])
    def test_what_is_no_question_is_told_the_form(self, operated, body):
        status, answer = ask(operated(), "/api/v1/explain", "POST", None, body)
        assert status == 400 and '{"sql":' in answer["error"]

    def test_too_much_is_refused(self, operated):
        process = operated()
        with contextlib.suppress(ConnectionError, urllib.error.URLError):  # it hangs up before the end of the body
            assert ask(process, "/api/v1/explain", "POST", None, "x" * 300_000, "text/plain")[0] in (400, 413)
        assert ask(process, "/healthz")[0] == 200

    def test_deep_statements_are_told_apart(self, operated):
        deep = "INSERT INTO t VALUES (" + "1+" * 20_000 + "1)"
        _, answer = ask(operated(), "/api/v1/explain", "POST", None, deep, "text/plain")
        assert answer["statements"][0].get("unread") or answer["statements"][0]["outcomes"]


class TestVerbs:
    def test_reload_and_drain_over_http(self, operated, token_file):
        process = operated()
        over_http = ("--admin", process.admin, "--token-file", token_file)
        done = verb("reload", *over_http)
        assert (done.returncode, done.stdout) == (0, "reload: mode enforce, policies 1, sessions 0\n")
        process.config_path.write_text("version: 2\n")
        done = verb("reload", *over_http)
        assert done.returncode == 1 and "pgconcord.yaml:1:" in done.stderr
        done = verb("drain", *over_http)
        assert done.returncode == 0, done.stderr
        assert process.process.wait(20) == 0

    def test_a_wrong_token_is_told(self, operated, tmp_path):
        process = operated()
        other = tmp_path / "other"
        other.write_text("another-token-of-16-bytes")
        done = verb("drain", "--admin", process.admin, "--token-file", other)
        assert done.returncode == 1 and "admin.token_file" in done.stderr
        done = verb("drain", "--admin", process.admin, "--token-file", tmp_path / "missing")
        assert done.returncode == 1 and "cannot be read" in done.stderr

    def test_drain_by_signal(self, proxy):
        process = proxy()
        done = verb("drain", "--pid", process.process.pid)
        assert done.returncode == 0 and process.process.wait(20) == 0
        assert verb("drain").returncode == 2


def test_requests_without_end_hold_nobody_up(operated):
    """A POST whose body never comes is given up; others are answered meanwhile."""
    import socket

    process = operated()
    host, port = process.admin.rsplit(":", 1)
    clients = []
    for _ in range(3):
        client = socket.create_connection((host, int(port)), 10)
        client.sendall(b"POST /api/v1/explain HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
        clients.append(client)
    assert ask(process, "/healthz")[0] == 200
    for client in clients:
        client.settimeout(15)
        assert client.recv(4096)[:12] in (b"HTTP/1.1 400", b"")
        client.close()
