"""The command line: exit statuses, precedence of flag, environment and file, and what errors say."""

import json
import os
import signal
import socket
import subprocess
import textwrap
import urllib.request

import pytest
from harness.proxy_process import binary
from harness.waiting import wait_until

OK, PROBLEM, USAGE = 0, 1, 2
POLICY = """\
  - name: signup-email
    table: public.users
    constraint: users_email_key
    action: do_nothing
"""


def without_libpq_variables():
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DATABASE_URL"))}


def call(*arguments, cwd=None, stdin=None, **environment):
    return subprocess.run(
        [binary(), *map(str, arguments)],
        cwd=cwd,
        env={**without_libpq_variables(), **environment},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def config(tmp_path):
    """Writes a configuration file and returns its path."""

    def write(text):
        path = tmp_path / "pgconcord.yaml"
        path.write_text(textwrap.dedent(text))
        return path

    return write


def effective(*arguments, **options):
    done = call("config", "show", "--format", "json", *arguments, **options)
    assert done.returncode == OK, done.stderr
    return json.loads(done.stdout)


# Usage


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("run", "--no-such-flag"),
        ("check", "--format", "xml"),
        ("run", "--mode", "sometimes"),
        ("explain",),
        ("config",),
        ("reload",),
    ],
)
def test_wrong_usage_exits_2_and_says_so_on_stderr(arguments, tmp_path):
    done = call(*arguments, cwd=tmp_path)
    assert done.returncode == USAGE
    assert done.stderr.strip() and not done.stdout


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("check", "--help"), ("--version",)])
def test_help_and_version_exit_0(arguments):
    done = call(*arguments)
    assert done.returncode == OK
    assert done.stdout.strip() and not done.stderr


def test_hidden_flags_are_not_in_the_help():
    assert "--port-file" not in call("run", "--help").stdout


def test_version_names_the_build_as_text_and_as_json():
    facts = json.loads(call("version", "--json").stdout)
    assert set(facts) == {"version", "revision", "compiler", "pg_query"}
    assert call("version").stdout.startswith(f"pgconcord {facts['version']} ")


# Precedence


def test_a_flag_wins_over_the_environment_and_that_over_the_file(config):
    file = config("version: 1\nmode: off\nworkers: 1\nlog: {level: warn}\n")
    assert effective("--config", file)["mode"] == "off"
    assert effective("--config", file, PGCONCORD_MODE="observe")["mode"] == "observe"
    assert effective("--config", file, "--mode", "enforce", PGCONCORD_MODE="observe")["mode"] == "enforce"
    both = effective("--config", file, "--workers", 3, PGCONCORD_LOG_LEVEL="debug")
    assert (both["workers"], both["log"]["level"]) == (3, "debug")


def test_a_mode_flag_raises_and_lowers_the_ceiling_of_policies(config):
    file = config("version: 1\nmode: observe\npolicies:\n" + POLICY)
    assert effective("--config", file)["policies"][0]["mode"] == "observe"
    assert effective("--config", file, "--mode", "enforce")["policies"][0]["mode"] == "enforce"
    assert effective("--config", file, "--mode", "off")["policies"][0]["mode"] == "off"


def test_listen_may_be_repeated_and_replaces_the_file(config):
    file = config("version: 1\nlisten: [{address: '127.0.0.1:1'}]\n")
    shown = effective("--config", file, "--listen", "127.0.0.1:2", "--listen", "[::1]:3")
    assert [each["address"] for each in shown["listen"]] == ["127.0.0.1:2", "[::1]:3"]
    shown = effective("--config", file, PGCONCORD_LISTEN="127.0.0.1:4,unix:/tmp/.s.PGSQL.4")
    assert [each["address"] for each in shown["listen"]] == ["127.0.0.1:4", "unix:/tmp/.s.PGSQL.4"]


def test_variables_of_libpq_only_fill_in_the_upstream(config, tmp_path):
    def upstream(*arguments, **environment):
        return effective(*arguments, cwd=tmp_path, **environment)["upstream"]["address"]

    assert upstream(DATABASE_URL="postgres://u:secret@db.example:5433/app") == ["db.example:5433"]
    assert upstream(PGHOST="pg.example", PGPORT="5434") == ["pg.example:5434"]
    assert upstream(PGHOST="/run/postgresql", PGPORT="5434") == ["unix:/run/postgresql/.s.PGSQL.5434"]
    assert upstream("--upstream", "flag.example:1", PGHOST="pg.example") == ["flag.example:1"]
    file = config("version: 1\nupstream: {address: ['127.0.0.1:5432']}\n")
    assert upstream("--config", file, PGHOST="pg.example") == ["127.0.0.1:5432"]
    assert upstream("--config", file, PGCONCORD_UPSTREAM="env.example:2") == ["env.example:2"]


def test_the_file_in_the_working_folder_is_found(config, tmp_path):
    config("version: 1\nworkers: 7\n")
    assert effective(cwd=tmp_path)["workers"] == 7


def test_no_password_is_shown(tmp_path):
    done = call("config", "show", "--upstream", "postgres://u:hunter2@h:5432/d", cwd=tmp_path)
    assert done.returncode == OK and "hunter2" not in done.stdout + done.stderr


# check


def test_check_passes_a_valid_file(config):
    done = call("check", "--config", config("version: 1\npolicies:\n" + POLICY))
    assert done.returncode == OK, done.stderr
    assert "valid, 1 policy" in done.stdout


def test_check_shows_all_errors_with_place_caret_and_help(config):
    file = config("version: 1\nmode: obsrve\nlimts: {max_clients: 5}\nshutdown: {drain: soon}\n")
    done = call("check", "--config", file)
    assert done.returncode == PROBLEM
    assert f"{file}:2:7: error:" in done.stderr
    assert f"{file}:3:1: error:" in done.stderr
    assert f"{file}:4:" in done.stderr
    assert "^" in done.stderr and "observe" in done.stderr and "limits" in done.stderr
    assert "3 errors" in done.stderr


def test_check_as_json_names_every_error(config):
    done = call("check", "--config", config("version: 1\nmode: obsrve\n"), "--format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == PROBLEM and report["ok"] is False
    assert [(e["line"], e["column"]) for e in report["errors"]] == [(2, 7)]


def test_check_refuses_what_is_not_built_yet(config):
    done = call("check", "--config", config("version: 1\nmetrics: {partitions: leaf}\n"))
    assert done.returncode == PROBLEM and "not implemented in this release" in done.stderr


def test_check_without_a_file_says_how_to_name_one(tmp_path):
    done = call("check", cwd=tmp_path)
    assert done.returncode == PROBLEM and "--config" in done.stderr


def test_check_tells_when_it_cannot_connect(config):
    file = config("version: 1\npolicies:\n" + POLICY)
    done = call("check", "--config", file, "--connect", "postgres://u:hunter2@127.0.0.1:1/x")
    assert done.returncode == PROBLEM
    assert "cannot connect" in done.stderr and "hunter2" not in done.stderr


USERS = "CREATE TABLE users (id bigserial PRIMARY KEY, email text CONSTRAINT users_email_key UNIQUE, name text)"


def url(postgres, database, user="postgres"):
    return f"postgres://{user}@127.0.0.1:{postgres.port}/{database}"


def test_check_connect_finds_table_and_arbiter(config, postgres, database, direct):
    direct.execute(USERS)
    file = config("version: 1\npolicies:\n" + POLICY)
    done = call("check", "--strict", "--config", file, "--connect", url(postgres, database))
    assert done.returncode == OK, done.stdout + done.stderr
    assert "ok: signup-email (public.users): do_nothing by users_email_key" in done.stdout


def test_check_connect_reports_missing_tables_and_constraints(config, postgres, database, direct):
    direct.execute("CREATE TABLE users (id int PRIMARY KEY, email text)")
    policies = POLICY + POLICY.replace("signup-email", "gone").replace("public.users", "public.gone")
    done = call("check", "--config", config("version: 1\npolicies:\n" + policies), "--connect", url(postgres, database))
    assert done.returncode == PROBLEM
    assert "no constraint or unique index users_email_key; the table has users_pkey" in done.stdout
    assert "gone: no table public.gone" in done.stdout


def test_check_connect_warns_of_what_would_be_left_alone(config, postgres, database, direct):
    direct.execute("CREATE TABLE users (id int, email text CONSTRAINT users_email_key UNIQUE DEFERRABLE)")
    file = config("version: 1\npolicies:\n" + POLICY)
    done = call("check", "--config", file, "--connect", url(postgres, database), "--format", "json")
    findings = json.loads(done.stdout)["findings"]
    assert {(f["severity"], f["reason"]) for f in findings} == {("warning", "deferrable")}
    assert done.returncode == OK
    assert call("check", "--strict", "--config", file, "--connect", url(postgres, database)).returncode == PROBLEM


def test_check_connect_looks_with_the_privileges_of_the_role(config, postgres, database, direct):
    direct.execute(USERS)
    direct.execute("GRANT INSERT ON users TO insert_only")
    file = config("version: 1\npolicies:\n" + POLICY)
    done = call("check", "--strict", "--config", file, "--connect", url(postgres, database, "insert_only"))
    assert done.returncode == PROBLEM and "[privilege]" in done.stdout


# explain

INSERT = "INSERT INTO users (email, name) VALUES ('a@b', 'c') RETURNING id"


def test_explain_shows_original_policy_and_rewritten_text(config, postgres, database, direct):
    direct.execute(USERS)
    policy = POLICY.replace("do_nothing", "return_existing")
    file = config("version: 1\nmode: enforce\npolicies:\n" + policy)
    arguments = ("explain", INSERT, "--config", file, "--connect", url(postgres, database))
    done = call(*arguments)
    assert done.returncode == OK, done.stderr
    assert INSERT in done.stdout and "signup-email" in done.stdout
    assert "ON CONFLICT (email) DO UPDATE" in done.stdout
    statement = json.loads(call(*arguments, "--format", "json").stdout)["statements"][0]
    rewritten = [o for o in statement["outcomes"] if o["result"] == "rewritten"]
    assert {o["moment"] for o in rewritten} == {"up_front", "on_violation"}
    for outcome in rewritten:
        direct.execute(outcome["sql"])


def test_explain_shows_what_an_update_is_answered_with(config, postgres, database, direct):
    direct.execute(USERS)
    policy = POLICY.rstrip() + "\n    statement: update\n"
    file = config("version: 1\nmode: enforce\npolicies:\n" + policy)
    arguments = ("explain", "UPDATE users SET email = 'a@b'", "--config", file, "--connect", url(postgres, database))
    done = call(*arguments)
    assert done.returncode == OK, done.stderr
    assert "answered:  UPDATE 0" in done.stdout
    (outcome,) = json.loads(call(*arguments, "--format", "json").stdout)["statements"][0]["outcomes"]
    assert (outcome["moment"], outcome["result"], outcome["tag"]) == ("on_violation", "answered", "UPDATE 0")


def test_explain_shows_what_a_copy_becomes(config, postgres, database, direct):
    direct.execute(USERS)
    policy = POLICY.rstrip() + "\n    statement: copy\n    duplicates: last\n"
    file = config("version: 1\nmode: enforce\npolicies:\n" + policy)
    connect = ("--config", file, "--connect", url(postgres, database))
    done = call("explain", "COPY users (email, name) FROM STDIN CSV", *connect)
    assert done.returncode == OK, done.stderr
    assert (
        "through a staging table" in done.stdout
        and "COPY pg_temp.__pgconcord_copy (email, name) FROM STDIN CSV" in done.stdout
    )
    done = call("explain", "COPY users (email) FROM STDIN (FREEZE)", *connect)
    assert done.returncode == OK and "left alone: copy_freeze" in done.stdout
    done = call("explain", "COPY users (email) TO STDOUT", *connect)
    assert done.returncode == OK and "no policy concerns it" in done.stdout


def test_check_says_whether_the_role_may_copy_by_way_of_a_staging_table(config, postgres, database, direct):
    direct.execute(USERS)
    direct.execute("GRANT ALL ON users TO app")
    file = config("version: 1\nmode: enforce\npolicies:\n" + POLICY.rstrip() + "\n    statement: copy\n")
    arguments = ("check", "--strict", "--config", file, "--connect", url(postgres, database, "app"))
    done = call(*arguments)
    assert done.returncode == OK and "do_nothing by users_email_key" in done.stdout, done.stdout
    direct.execute(f'REVOKE TEMPORARY ON DATABASE "{database}" FROM PUBLIC, app')
    try:
        done = call(*arguments)
    finally:
        direct.execute(
            f'GRANT ALL ON DATABASE "{database}" TO app; GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO PUBLIC'
        )
    assert done.returncode == PROBLEM and "COPY is left alone" in done.stdout and "[copy_no_temp]" in done.stdout


def test_explain_gives_the_reason_when_it_is_left_alone(config, postgres, database, direct):
    direct.execute(USERS)
    file = config("version: 1\nmode: enforce\npolicies:\n" + POLICY)
    sql = "INSERT INTO users (email) VALUES ('a') ON CONFLICT DO NOTHING"
    done = call("explain", sql, "--config", file, "--connect", url(postgres, database))
    assert done.returncode == OK and "left alone: has_on_conflict" in done.stdout


def test_explain_says_when_no_policy_concerns_a_statement(config):
    file = config("version: 1\npolicies:\n" + POLICY)
    done = call("explain", "SELECT 1; INSERT INTO other VALUES (1)", "--config", file)
    assert done.returncode == OK
    assert done.stdout.count("no policy concerns it") == 2


def test_explain_reads_standard_input_and_survives_what_is_no_sql(config):
    file = config("version: 1\n")
    done = call("explain", "-", "--config", file, stdin="THIS IS 'not sql")
    assert done.returncode == OK and "forwarded as it is" in done.stdout
    assert call("explain", "", "--config", file).returncode == PROBLEM


# run, reload, healthcheck


def test_run_refuses_a_bad_file_with_status_1(config):
    done = call("run", "--config", config("version: 1\nmode: obsrve\n"))
    assert done.returncode == PROBLEM and "error:" in done.stderr


def test_run_refuses_bad_addresses_by_their_flag(tmp_path):
    done = call("run", "--listen", "nonsense::::", "--upstream", "http://x", cwd=tmp_path)
    assert done.returncode == PROBLEM
    assert "--listen: error:" in done.stderr and "--upstream: error:" in done.stderr


def test_run_fails_clearly_when_its_address_is_taken(proxy, tmp_path):
    running = proxy()
    taken = f"127.0.0.1:{running.port}"
    done = call("--listen", taken, "--upstream", "127.0.0.1:1", "--admin", "127.0.0.1:0", cwd=tmp_path)
    assert done.returncode == PROBLEM
    assert taken in done.stderr and "Address already in use" in done.stderr


def test_run_refuses_more_clients_than_the_open_files_limit_allows(config):
    file = config("version: 1\nlisten: [{address: '127.0.0.1:0'}]\nlimits: {max_clients: 5000}\n")
    shell = ["bash", "-c", 'ulimit -n 1024; exec "$0" "$@"', binary(), "run", "--config", str(file)]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=60, env=without_libpq_variables())
    assert done.returncode == PROBLEM
    assert "10064" in done.stderr and "limits.max_clients" in done.stderr


def test_a_stale_unix_socket_is_replaced_and_a_living_one_is_not(proxy, tmp_path):
    path = tmp_path / ".s.PGSQL.6432"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    first = proxy(listen=(f"unix:{path}", "127.0.0.1:0"))
    done = call("--listen", f"unix:{path}", "--admin", "127.0.0.1:0", cwd=tmp_path)
    assert done.returncode == PROBLEM and "Address already in use" in done.stderr
    first.stop()
    assert not path.exists()


def test_reload_by_pid_file_takes_a_new_mode_and_keeps_the_old_one_after_an_error(proxy, tmp_path):
    pid_file = tmp_path / "pid"
    running = proxy(mode="observe", environment={"PGCONCORD_PID_FILE": str(pid_file)})

    def gauge(name):
        return running.metrics().total(name)

    good = running.config_path.read_text()
    running.config_path.write_text(good.replace("mode: observe", "mode: obsrve"))
    assert call("reload", "--pid-file", pid_file).returncode == OK
    wait_until(lambda: gauge("config_last_reload_successful") == 0, "the bad file was refused")
    assert "obsrve" in running.output() and "reload failed" in running.output()
    running.config_path.write_text(good.replace("mode: observe", "mode: enforce") + "workers: 31\n")
    assert call("reload", "--pid", int(pid_file.read_text())).returncode == OK
    wait_until(lambda: gauge("config_last_reload_successful") == 1, "the good file was taken")
    wait_until(lambda: "mode=enforce" in running.output(), "the log tells the new mode")
    assert "ignored=workers" in running.output()
    running.stop()
    assert not pid_file.exists()


def test_reload_tells_when_there_is_nothing_to_reload(tmp_path):
    done = call("reload", "--pid-file", tmp_path / "none")
    assert done.returncode == PROBLEM and "no process id" in done.stderr


def test_healthcheck_follows_the_proxy(proxy):
    running = proxy()
    assert call("healthcheck", "--admin", f"http://{running.admin}").returncode == OK
    admin = running.admin
    running.stop()
    done = call("healthcheck", "--admin", f"http://{admin}")
    assert done.returncode == PROBLEM and done.stderr.strip()


def test_healthcheck_finds_the_address_where_run_does(proxy):
    running = proxy()
    done = call("healthcheck", PGCONCORD_ADMIN=running.admin)
    assert done.returncode == OK, done.stderr


def test_healthcheck_fails_without_a_server(proxy):
    running = proxy(upstream="127.0.0.1:1")
    done = call("healthcheck", "--admin", f"http://{running.admin}")
    assert done.returncode == PROBLEM and "upstream" in done.stderr
    with urllib.request.urlopen(f"http://{running.admin}/healthz", timeout=10) as reply:
        assert reply.status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_an_idle_proxy_with_status_0(proxy, number):
    running = proxy()
    running.process.send_signal(number)
    assert running.process.wait(10) == OK


def test_drain_waits_for_a_transaction_and_a_second_signal_does_not(proxy, database):
    running = proxy()
    with running.connect(database, autocommit=False) as connection:
        connection.execute("SELECT 1")
        running.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "draining sessions=1" in running.output(), "the proxy drains")
        connection.execute("SELECT 2")
        assert running.process.poll() is None
        connection.commit()
        assert running.process.wait(10) == OK
    second = proxy()
    connection = second.connect(database, autocommit=False)
    connection.execute("SELECT 1")
    second.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "draining sessions=1" in second.output(), "the proxy drains")
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(10) == OK
    connection.close()


def test_the_log_is_json_on_request(proxy):
    running = proxy(more="log: {format: json}\n")
    line = json.loads(running.stderr_path.read_text().splitlines()[0])
    assert line["level"] == "info" and line["message"] == "started" and line["upstream"]


def test_config_schema_is_json_schema():
    schema = json.loads(call("config", "schema").stdout)
    assert "2020-12" in schema["$schema"] and "policies" in schema["properties"]
