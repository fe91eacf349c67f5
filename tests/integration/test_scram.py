"""auth: {mode: scram}: the proxy ends SCRAM-SHA-256 with the server's verifiers; servers and clients are real ones."""

import asyncio
import base64
import hashlib
import hmac
import os
import shutil
import struct
import subprocess

import asyncpg
import psycopg
import pytest
from harness import messages
from harness.postgres_server import PROGRAMS
from harness.proxy_process import binary
from harness.waiting import wait_until
from harness.wire_client import WireClient

PSQL = shutil.which("psql", path=f"{PROGRAMS}:{os.environ['PATH']}")
VERIFIER = "SELECT rolpassword FROM pg_authid WHERE rolname = %s"


def verifier(password, iterations, salt=b"sixteen bytes ok"):
    """What PostgreSQL would store; servers before 16 make them with 4096 iterations only."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    parts = [salt, hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256")]
    salt64, stored, server = (base64.b64encode(part).decode() for part in parts)
    return f"SCRAM-SHA-256${iterations}:{salt64}${stored}:{server}"


class Users:
    """The users' file of one test, made from what the server has."""

    def __init__(self, postgres, path):
        self.postgres, self.path = postgres, path

    def write(self, *names, **verifiers):
        with self.postgres.connect() as connection:
            for name in names:
                verifiers[name] = connection.execute(VERIFIER, [name]).fetchone()[0]
        self.path.write_text("".join(f'"{name}" "{secret}"\n' for name, secret in verifiers.items()))
        return verifiers

    @property
    def setting(self):
        return f"auth: {{mode: scram, users_file: {self.path}}}\n"


@pytest.fixture
def users(postgres, tmp_path):
    return Users(postgres, tmp_path / "users.txt")


@pytest.fixture
def scram_proxy(users, proxy):
    users.write("scram_role")
    return proxy(more=users.setting)


@pytest.fixture
def role(postgres):
    """Makes roles that must log in with SCRAM; they are dropped afterwards."""
    made = []

    def make(name, password):
        with postgres.connect() as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE scram_users")
        made.append(name)

    yield make
    with postgres.connect() as connection:
        for name in made:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", [name]
            )
            connection.execute(f"DROP ROLE {name}")


def log_in(port, user, password, database="postgres"):
    with psycopg.connect(host="127.0.0.1", port=port, user=user, password=password, dbname=database) as connection:
        return connection.execute("SELECT current_user").fetchone()[0]


def complaint(port, user, password):
    with pytest.raises(psycopg.OperationalError) as failure:
        log_in(port, user, password)
    return str(failure.value).replace(str(port), "PORT")


def psql(port, user, password):
    command = [PSQL, "-X", "-h", "127.0.0.1", "-p", str(port), "-U", user, "-d", "postgres",
               "-Atc", "SELECT current_user"]  # fmt: skip
    environment = {"PGPASSWORD": password, "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30)


def test_psql_of_the_server_s_version_logs_in(scram_proxy):
    assert psql(scram_proxy.port, "scram_role", "scram_role").stdout == "scram_role\n"


def test_a_newer_libpq_logs_in(scram_proxy):
    assert psycopg.pq.version() >= 170000
    assert log_in(scram_proxy.port, "scram_role", "scram_role") == "scram_role"


def test_asyncpg_with_its_own_scram_logs_in(scram_proxy):
    async def ask():
        connection = await asyncpg.connect(
            host="127.0.0.1", port=scram_proxy.port, user="scram_role", password="scram_role", database="postgres"
        )
        try:
            return await connection.fetchval("SELECT current_user")
        finally:
            await connection.close()

    assert asyncio.run(ask()) == "scram_role"


@pytest.mark.parametrize("iterations", [1, 4096, 10000, 300000])
def test_the_iteration_count_is_the_verifier_s(iterations, role, users, proxy):
    role("counted", verifier("a password", iterations))
    users.write("counted")
    port = proxy(more=users.setting).port
    assert log_in(port, "counted", "a password") == "counted"
    assert psql(port, "counted", "a password").stdout == "counted\n"


def test_a_password_outside_ascii_logs_in(role, users, proxy):
    role("spoken", "Pa\u00dfwort \u2160")
    users.write("spoken")
    assert log_in(proxy(more=users.setting).port, "spoken", "Pa\u00dfwort \u2160") == "spoken"


@pytest.mark.parametrize("user", ["scram_role", "scram_nobody"])
def test_a_refused_password_reads_as_from_the_server(user, scram_proxy, postgres):
    assert complaint(scram_proxy.port, user, "wrong") == complaint(postgres.port, user, "wrong")
    assert f'password authentication failed for user "{user}"' in complaint(scram_proxy.port, user, "wrong")


def test_a_refused_password_is_in_the_server_s_log_and_counted(scram_proxy, postgres):
    before = postgres.log().count('password authentication failed for user "scram_role"')
    complaint(scram_proxy.port, "scram_role", "wrong")
    assert postgres.log().count('password authentication failed for user "scram_role"') == before + 1
    assert scram_proxy.metrics().total("client_connection_failures_total", reason="rejected") == 1
    wait_until(lambda: 'reason="wrong password"' in scram_proxy.output(), "the proxy logged why")


def test_a_user_only_the_server_knows_is_refused_like_a_wrong_password(role, scram_proxy, postgres):
    role("stranger", "stranger")
    assert log_in(postgres.port, "stranger", "stranger") == "stranger"
    direct = complaint(postgres.port, "stranger", "wrong")
    assert complaint(scram_proxy.port, "stranger", "stranger") == direct
    wait_until(lambda: "the user is not in auth.users_file" in scram_proxy.output(), "the proxy logged why")


def test_a_changed_password_is_refused_until_the_file_follows(role, users, proxy, postgres):
    role("mover", "old")
    users.write("mover")
    process = proxy(more=users.setting)
    assert log_in(process.port, "mover", "old") == "mover"
    with postgres.connect() as connection:
        connection.execute("ALTER ROLE mover PASSWORD 'new'")
    for password in ("old", "new"):
        assert 'password authentication failed for user "mover"' in complaint(process.port, "mover", password)
    wait_until(lambda: "is not the server's" in process.output(), "the proxy logged why")
    users.write("mover")
    process.rewrite_config(process.config_path.read_text())
    assert log_in(process.port, "mover", "new") == "mover"
    assert "password authentication failed" in complaint(process.port, "mover", "old")


def test_reload_takes_users_in_and_out(role, users, proxy):
    role("second", "second")
    users.write("scram_role")
    process = proxy(more=users.setting)
    complaint(process.port, "second", "second")
    users.write("second")
    process.rewrite_config(process.config_path.read_text())
    assert log_in(process.port, "second", "second") == "second"
    complaint(process.port, "scram_role", "scram_role")


def test_a_broken_users_file_is_not_taken_and_the_old_one_stays(users, scram_proxy):
    users.path.write_text('"scram_role" "plain-text-secret"\n')
    scram_proxy.process.send_signal(1)
    wait_until(lambda: scram_proxy.metrics().total("config_last_reload_successful") == 0, "the reload failed")
    assert log_in(scram_proxy.port, "scram_role", "scram_role") == "scram_role"
    assert "users.txt:1" in scram_proxy.output() and "plain-text-secret" not in scram_proxy.output()


def salt_and_count(port, user):
    """Of the first message that the server or proxy answers with."""
    with WireClient(("127.0.0.1", port)) as client:
        client.send(messages.startup(user=user, database="postgres"))
        assert client.read_message().body == b"\0\0\0\x0aSCRAM-SHA-256\0\0"
        first = b"n,,n=,r=abcdefgh"
        body = b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first
        client.send(b"p" + struct.pack("!I", len(body) + 4) + body)
        reply = client.read_message().body
    assert reply.startswith(b"\0\0\0\x0br=abcdefgh")
    return reply.split(b",", 1)[1]


# Nobody can find out by asking which users the proxy knows: every answer is the server's own.
def test_salt_and_count_are_the_same_as_without_the_proxy(role, scram_proxy, postgres):
    role("stranger", "stranger")
    with postgres.connect() as connection:
        connection.execute("GRANT scram_users TO app")
    try:
        for user in ("scram_role", "stranger", "app"):
            assert salt_and_count(scram_proxy.port, user) == salt_and_count(postgres.port, user)
    finally:
        with postgres.connect() as connection:
            connection.execute("REVOKE scram_users FROM app")


@pytest.mark.parametrize(
    "user, method",
    [("app", "nothing (trust, peer, ident or cert)"), ("md5_role", "md5"), ("password_role", "password")],
)
def test_a_server_that_asks_for_something_else_is_refused_with_the_way_out(user, method, scram_proxy):
    text = complaint(scram_proxy.port, user, user)
    assert f"the server did not ask for SCRAM-SHA-256 but for {method}" in text
    assert "scram-sha-256 (pg_hba.conf, password_encryption), or use auth.mode: passthrough" in text


def test_channel_binding_cannot_be_had_in_the_clear(scram_proxy):
    with pytest.raises(psycopg.OperationalError, match="channel binding required"):
        psycopg.connect(
            host="127.0.0.1", port=scram_proxy.port, user="scram_role", password="scram_role", dbname="postgres",
            channel_binding="require",
        )  # fmt: skip


def test_a_replication_connection_logs_in_and_is_a_pipe(scram_proxy):
    with psycopg.connect(
        host="127.0.0.1", port=scram_proxy.port, user="scram_role", password="scram_role", dbname="postgres",
        replication="database", autocommit=True,
    ) as connection:  # fmt: skip
        reply = connection.pgconn.exec_(b"IDENTIFY_SYSTEM")
        assert reply.ntuples == 1 and reply.get_value(0, 3) == b"postgres"


def test_two_hundred_log_ins_at_once(scram_proxy):
    async def ask():
        connection = await asyncpg.connect(
            host="127.0.0.1", port=scram_proxy.port, user="scram_role", password="scram_role", database="postgres",
            timeout=120,
        )  # fmt: skip
        answer = await connection.fetchval("SELECT current_user")
        await connection.close()
        return answer

    async def ask_all():
        return await asyncio.gather(*(ask() for _ in range(200)))

    assert asyncio.run(ask_all()) == ["scram_role"] * 200


def test_no_secret_reaches_log_or_metrics(users, proxy):
    secrets = users.write("scram_role")["scram_role"].replace("$", ":").split(":")[2:]
    process = proxy(more=users.setting + "log: {level: debug}\n")
    assert log_in(process.port, "scram_role", "scram_role") == "scram_role"
    complaint(process.port, "scram_role", "a-wrong-password")
    shown = subprocess.run(
        [binary(), "config", "show", "--config", process.config_path], capture_output=True, text=True, timeout=30
    )
    assert shown.returncode == 0
    for text in (process.output(), process.metrics().text, shown.stdout):
        assert not [secret for secret in [*secrets, "a-wrong-password", "p="] if secret in text]


def check(text, folder):
    path = folder / "pgconcord.yaml"
    path.write_text(text)
    return subprocess.run([binary(), "check", "--config", path], capture_output=True, text=True, timeout=30)


def test_check_reads_the_users_file_beside_the_configuration(users, tmp_path):
    users.write("scram_role")
    config = "auth: {mode: scram, users_file: users.txt}\n"
    assert check(config, tmp_path).returncode == 0
    users.path.write_text('; users\n"scram_role" "my secret"\n')
    refused = check(config, tmp_path)
    assert refused.returncode == 1 and "my secret" not in refused.stdout + refused.stderr
    assert f"{users.path}:2:1: error: this is not a SCRAM-SHA-256 verifier" in refused.stderr
    users.path.unlink()
    missing = check(config, tmp_path)
    assert missing.returncode == 1 and "pgconcord.yaml:1:33: error:" in missing.stderr
    assert "users.txt` cannot be read: No such file or directory" in missing.stderr
