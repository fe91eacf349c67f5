"""`suggest --from-log`: logs that a real server wrote in its three formats, with the prefixes people use."""

import json
import os
import pathlib
import subprocess
import uuid

import psycopg
import pytest
from harness.postgres_server import PostgresServer
from harness.proxy_process import binary
from harness.waiting import wait_until

PREFIXES = {
    "default": "%m [%p] ",
    "debian": "%m [%p] %q%u@%d ",
    "pgbadger": "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "sqlstate": "%n %e %c %d %a| ",
    "padded": "%-20a<%10d> %p ",
    "rds": "%t:%r:%u@%d:[%p]:",
    "none": "",
}

SCHEMA = """
CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, age int CHECK (age > 0));
CREATE TABLE posts (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users);
CREATE TABLE rooms (room int, during int4range, EXCLUDE USING gist (during WITH &&));
CREATE SCHEMA shop;
CREATE TABLE shop.items (sku text PRIMARY KEY, name text);
CREATE FUNCTION add_item() RETURNS void LANGUAGE sql AS $$ INSERT INTO shop.items VALUES ('twice', 'x') $$;
INSERT INTO users (email, age) VALUES ('canary-1@example.com', 1), ('canary-2@example.com', 1);
INSERT INTO posts (user_id) VALUES (1);
INSERT INTO shop.items VALUES ('twice', 'y');
CREATE TABLE restored (id serial PRIMARY KEY, n int);
INSERT INTO restored (id) SELECT generate_series(1, 100);
"""


@pytest.fixture(scope="module")
def loud():
    """A server that writes all three formats at once."""
    server = PostgresServer()
    try:
        server.start()
        with server.connect() as connection:
            for setting, value in {
                "logging_collector": "on",
                "log_destination": "stderr,csvlog,jsonlog",
                "log_directory": str(server.folder / "logs"),
                "log_filename": "server.log",
                "log_file_mode": "0644",
                "log_statement": "none",
            }.items():
                connection.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
        server.stop_process()
        server.start_process()
        yield server
    finally:
        server.stop()


class Log:
    """What the server wrote during one test, in each format."""

    def __init__(self, server):
        self.server = server
        self.starts = {kind: self.path(kind).stat().st_size for kind in ("log", "csv", "json")}

    def path(self, kind):
        return self.server.folder / "logs" / f"server.{kind}"

    def written(self, kind, folder):
        """The collector is a process of its own: what it wrote last is waited for."""
        marker = f"end of {uuid.uuid4()}"
        with self.server.connect() as connection:
            connection.execute(f"DO $$ BEGIN RAISE LOG '{marker}'; END $$")
        wait_until(lambda: marker.encode() in self.path(kind).read_bytes(), "the log is written")
        with self.path(kind).open("rb") as file:
            file.seek(self.starts[kind])
            text = file.read()
        copy = folder / f"part.{kind}"
        copy.write_bytes(text)
        return copy


@pytest.fixture
def log(loud):
    name = loud.fresh_database("shop")
    with loud.connect(name) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS plpgsql")
        connection.execute(SCHEMA)
    return Log(loud)


def set_prefix(server, prefix, **more):
    with server.connect() as connection:
        for setting, value in {"log_line_prefix": prefix, "log_error_verbosity": "default", **more}.items():
            connection.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
        connection.execute("SELECT pg_reload_conf()")
    wait_until(lambda: _shows(server, "log_line_prefix", prefix), "the prefix is in force")


def _shows(server, setting, value):
    with server.connect() as connection:
        return connection.execute(f"SHOW {setting}").fetchone()[0] == value


def fail(connection, sql, parameters=None):
    with pytest.raises(psycopg.errors.IntegrityError):
        connection.execute(sql, parameters)


def violate(server):
    with server.connect("shop", application_name="web") as web:
        for _ in range(6):
            fail(web, "INSERT INTO users (email)\n  VALUES ('canary-1@example.com')\n  RETURNING id")
        fail(web, "INSERT INTO public.users (email, age) VALUES ('canary-3@example.com', -1)")
        fail(web, "INSERT INTO users (email) VALUES (NULL)")
        fail(web, "INSERT INTO posts (user_id) VALUES (4711)")
        fail(web, "DELETE FROM users WHERE id = 1")
        fail(web, "SELECT add_item()")
        web.execute("INSERT INTO rooms VALUES (1, '[1,5)')")
        fail(web, "INSERT INTO rooms VALUES (1, '[3,8)')")
    with server.connect("shop", application_name="import") as job:
        values = ", ".join(f"('canary-{n}@example.com')" for n in range(1, 9))
        for _ in range(2):
            fail(job, f"INSERT INTO users (email) VALUES {values}")
        with pytest.raises(psycopg.errors.UniqueViolation), job.cursor().copy("COPY shop.items FROM STDIN") as copy:
            copy.write("twice\tcanary-4\n")
        for _ in range(4):
            fail(job, "INSERT INTO restored (n) VALUES (%s)", [7])


def suggest(path, *arguments):
    command = [binary(), "suggest", "--from-log", str(path), "--format", "json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def by_constraint(told):
    return {(each["table"], each["constraint"], each["kind"]): each for each in told["suggestions"]}


EXPECTED = {
    ("users", "users_email_key", "unique"): 8,
    ("users", "users_age_check", "check"): 1,
    ("users", "column:email", "not_null"): 1,
    ("posts", "posts_user_id_fkey", "foreign_key"): 2,
    ("items", "items_pkey", "unique"): 1,
    ("unknown", "items_pkey", "unique"): 1,  # inside a function: the log does not tell its table
    ("rooms", "rooms_during_excl", "exclusion"): 1,
    ("restored", "restored_pkey", "unique"): 4,
}


def check_told(told):
    found = by_constraint(told)
    assert {key: each["count"] for key, each in found.items()} == EXPECTED
    assert told["log"]["violations"] == sum(EXPECTED.values())
    assert told["log"]["not_understood"] == 0
    assert found["users", "users_email_key", "unique"]["verdict"] == "return_existing"
    assert found["restored", "restored_pkey", "unique"]["verdict"] == "repair_sequence"
    assert found["posts", "posts_user_id_fkey", "foreign_key"]["verdict"] == "no_upsert"
    assert found["items", "items_pkey", "unique"]["schema"] == "shop"
    assert "canary" not in json.dumps(told) and "4711" not in json.dumps(told)


@pytest.mark.parametrize("kind", ["log", "csv", "json"])
def test_each_format_tells_the_same(loud, log, tmp_path, kind):
    set_prefix(loud, PREFIXES["default"])
    violate(loud)
    told, complaints = suggest(log.written(kind, tmp_path))
    check_told(told)
    assert complaints == ""
    databases = {each["database"] for each in told["suggestions"]}
    assert databases == ({""} if kind == "log" else {"shop"}), "the default prefix names no database"


@pytest.mark.parametrize("given", [True, False], ids=["given", "guessed"])
@pytest.mark.parametrize("name", PREFIXES)
def test_every_prefix(loud, log, tmp_path, name, given):
    set_prefix(loud, PREFIXES[name])
    violate(loud)
    arguments = ["--log-line-prefix", PREFIXES[name]] if given and PREFIXES[name] else []
    told, _ = suggest(log.written("log", tmp_path), *arguments)
    check_told_counts(told)
    databases = {each["database"] for each in told["suggestions"]}
    if "%d" in PREFIXES[name] and (given or name in ("debian", "pgbadger", "rds")):
        assert databases == {"shop"}


def check_told_counts(told):
    assert {key: each["count"] for key, each in by_constraint(told).items()} == EXPECTED
    assert "canary" not in json.dumps(told)


def test_verbose_logs_hold_sqlstates(loud, log, tmp_path):
    set_prefix(loud, PREFIXES["default"], log_error_verbosity="verbose")
    violate(loud)
    told, _ = suggest(log.written("log", tmp_path))
    check_told(told)


def test_forged_errors_name_nothing(loud, log, tmp_path):
    set_prefix(loud, PREFIXES["default"])
    forged = (
        "DO $$ BEGIN RAISE 'duplicate key value violates unique constraint \"evil\"' USING ERRCODE = '22000'; END $$"
    )
    with loud.connect("shop") as connection:
        with pytest.raises(psycopg.errors.DataException):
            connection.execute(forged)
        with pytest.raises(psycopg.errors.DataException):
            connection.execute("DO $$ BEGIN RAISE E'x\\nERROR:  duplicate' USING ERRCODE = '22000'; END $$")
    for kind in ("csv", "json"):
        told, _ = suggest(log.written(kind, tmp_path))
        assert told["suggestions"] == []


def test_the_yaml_is_a_configuration(loud, log, tmp_path):
    set_prefix(loud, PREFIXES["default"])
    violate(loud)
    command = [binary(), "suggest", "--from-log", str(log.written("csv", tmp_path))]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    file = tmp_path / "pgconcord.yaml"
    file.write_text("version: 1\n" + said)
    checked = subprocess.run([binary(), "check", "--config", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert 'table: "*.users"\n    constraint: users_email_key\n' in said, "the log does not name the schema"
    assert "it is not known whether the application recovers" in said


@pytest.fixture(scope="module")
def german(tmp_path_factory):
    """A server that speaks German; Debian's package has its messages, LANGUAGE chooses them in any locale but C."""
    server = PostgresServer()
    os.environ["LANGUAGE"] = "de"
    try:
        server.start()
        with server.connect() as connection:
            connection.execute("ALTER SYSTEM SET lc_messages = 'C.UTF-8'")
            connection.execute("ALTER SYSTEM SET log_statement = 'none'")
            connection.execute("SELECT pg_reload_conf()")
        wait_until(lambda: _shows(server, "lc_messages", "C.UTF-8"), "messages have a locale")
        yield server
    finally:
        os.environ.pop("LANGUAGE")
        server.stop()


@pytest.mark.parametrize("prefix, told", [("%p ", False), ("%p %e ", True)])
def test_another_language_is_said_with_the_way_out(german, tmp_path, prefix, told):
    name = german.fresh_database("shop")
    set_prefix(german, prefix)
    with german.connect(name) as connection:
        connection.execute("CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE)")
        for _ in range(3):
            try:
                connection.execute("INSERT INTO users (email) VALUES ('canary')")
            except psycopg.errors.UniqueViolation as error:
                assert "doppelter Schlüsselwert" in str(error)
    path = tmp_path / "part.log"
    path.write_text(german.log_path.read_text()[german.log_start :])
    found, complaints = suggest(path, "--log-line-prefix", prefix)
    if told:
        assert {key: each["count"] for key, each in by_constraint(found).items()} == {
            ("users", "users_email_key", "unique"): 2
        }
        assert complaints == ""
    else:
        assert found["suggestions"] == [] and found["log"]["not_understood"] == 2
        assert "language other than English" in complaints and "log_error_verbosity = verbose" in complaints


@pytest.mark.memory
def test_a_long_log_is_streamed(tmp_path):
    """A gigabyte by PGCONCORD_LOG_MB=1024; memory does not follow the size."""
    size = int(os.environ.get("PGCONCORD_LOG_MB", "48")) * 1024 * 1024
    path = tmp_path / "long.log"
    filler = b"2026-01-31 10:00:00.123 UTC [4242] LOG:  checkpoint complete: wrote 1 buffers\n" * 2000
    count = 0
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(filler)
            count += 1
            entry = (
                f'2026-01-31 10:00:01.000 UTC [{count}] ERROR:  duplicate key value violates unique constraint "c{count}"\n'
                f"2026-01-31 10:00:01.000 UTC [{count}] DETAIL:  Key (a)=({count}) already exists.\n"
                f"2026-01-31 10:00:01.000 UTC [{count}] STATEMENT:  INSERT INTO t{count} (a) VALUES ({count})\n"
            )
            file.write(entry.encode())
        file.write(b"2026-01-31 10:00:01.000 UTC [1] ERROR:  " + b"x" * (8 * 1024 * 1024) + b"\n")
    # A bound of the kernel's: the largest resident size of a child begins with that of its parent.
    command = ["prlimit", f"--data={100 * 1024 * 1024}", binary(), "suggest", "--from-log", str(path), "--format", "json"]
    with (tmp_path / "said").open("wb") as said:
        subprocess.run(command, stdout=said, check=True)
    told = json.loads((tmp_path / "said").read_text())
    assert told["log"]["violations"] == count


def test_standard_input_and_a_file_that_is_not_there(tmp_path):
    line = b'ERROR:  duplicate key value violates unique constraint "c"\n\xff\xfe\x00\n'
    command = [binary(), "suggest", "--from-log"]
    done = subprocess.run([*command, "-"], input=line, capture_output=True, check=True)
    assert b"1 violations" in done.stdout
    gone = subprocess.run([*command, str(tmp_path / "gone")], capture_output=True, text=True, check=False)
    assert gone.returncode == 1 and "No such file" in gone.stderr
    empty = subprocess.run([*command, "-"], input=b"", capture_output=True, check=True)
    assert b"0 lines, 0 violations" in empty.stdout


def test_whatever_is_read_is_survived(tmp_path):
    """Random bytes, cut records, quotes that never end: status 0, nothing but what is there."""
    starts = [b'{"timestamp":"x","state_code":"23505"', b'2026-01-31 10:00:00.123 UTC,"a","b",1,"', b"ERROR:  ", b"\t"]
    for number, start in enumerate(starts):
        path = pathlib.Path(tmp_path / f"odd{number}")
        path.write_bytes((start + os.urandom(2000) + b"\n") * 50)
        told, _ = suggest(path)
        assert told["log"]["violations"] == 0
