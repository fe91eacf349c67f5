"""protocol.md section 2 as a table: client sslmode x listener x server x upstream.tls x log-in x channel_binding."""

import itertools
import subprocess

import psycopg
import pytest
from conftest import proxies
from harness.postgres_server import PROGRAMS, PostgresServer
from harness.proxy_process import binary, configuration
from harness.tls_server import TlsPostgresServer

LISTENERS = ("disable", "allow", "require")
SSLMODES = ("disable", "prefer", "require")
BINDINGS = ("disable", "prefer", "require")
ROLES = ("app", "md5_role", "password_role", "scram_role")  # app is trusted


@pytest.fixture(scope="module")
def servers(authority):
    started = {True: TlsPostgresServer(authority, authority.issue("server")), False: PostgresServer()}
    try:
        yield {has_tls: server.start() for has_tls, server in started.items()}
    finally:
        for server in started.values():
            server.stop()


@pytest.fixture(scope="module")
def start_proxy():
    yield from proxies("127.0.0.1:1")


def listeners(identity):
    return [
        f'"127.0.0.1:0"\n    tls: {{mode: {mode}, cert: "{identity.cert}", key: "{identity.key}"}}'
        for mode in LISTENERS
    ]


def upstream_tls(mode, authority):
    ca = f', ca: "{authority.cert}"' if mode.startswith("verify") else ""
    return f"{{mode: {mode}{ca}}}"


def server_leg(upstream_mode, server_has_tls):
    """Is the leg encrypted? None: there is no connection."""
    if upstream_mode == "disable":
        return False
    if not server_has_tls and upstream_mode != "prefer":
        return None
    return server_has_tls


def one_try(client_tls, server_tls, role, binding, same_certificate):
    if server_tls is None or (binding == "require" and role != "scram_role"):
        return False
    if role != "scram_role":
        return True
    if client_tls and server_tls:
        return same_certificate or binding == "disable"
    return binding != "require"


def expected(sslmode, listener, server_tls, role, binding, same_certificate=False):
    tries = {"disable": [False], "prefer": [True, False], "require": [True]}[sslmode]
    if listener == "disable":
        tries = [client_tls for client_tls in tries if not client_tls]
    if listener == "require":
        tries = [client_tls for client_tls in tries if client_tls]
    return any(one_try(client_tls, server_tls, role, binding, same_certificate) for client_tls in tries)


def log_in(port, sslmode, role, binding):
    try:
        with psycopg.connect(host="127.0.0.1", port=port, user=role, password=role, dbname="postgres",
                             sslmode=sslmode, channel_binding=binding) as connection:  # fmt: skip
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def psql(port, sslmode, role, binding):
    """The system's libpq 15."""
    target = f"host=127.0.0.1 port={port} user={role} password={role} dbname=postgres sslmode={sslmode} channel_binding={binding}"
    run = subprocess.run([PROGRAMS / "psql", "-XAtc", "SELECT 1", target], capture_output=True, text=True)
    return run.returncode == 0 and run.stdout == "1\n"


def ports(process):
    return dict(zip(LISTENERS, (int(address.rsplit(":", 1)[1]) for address in process.listeners), strict=True))


@pytest.mark.timeout(300)  # 108 log-ins, and psql for a quarter of them
@pytest.mark.parametrize("upstream_mode", ["disable", "prefer", "require", "verify-ca", "verify-full"])
@pytest.mark.parametrize("server_has_tls", [True, False])
def test_every_combination(server_has_tls, upstream_mode, servers, ours, authority, start_proxy):
    process = start_proxy(
        upstream=f"127.0.0.1:{servers[server_has_tls].port}",
        upstream_more=f"tls: {upstream_tls(upstream_mode, authority)}",
        listen=listeners(ours),
        more="auth: {channel_binding: unused}\n",
    )
    check_table(process, server_leg(upstream_mode, server_has_tls), log_in, ROLES)
    check_table(process, server_leg(upstream_mode, server_has_tls), psql, ROLES[-1:])


def check_table(process, server_tls, try_log_in, roles, same_certificate=False):
    differing = []
    for listener, sslmode, role, binding in itertools.product(LISTENERS, SSLMODES, roles, BINDINGS):
        want = expected(sslmode, listener, server_tls, role, binding, same_certificate)
        got = try_log_in(ports(process)[listener], sslmode, role, binding)
        if got != want:
            differing.append(f"listener={listener} sslmode={sslmode} role={role} binding={binding}: {got}")
    assert not differing, "\n".join(differing)


@pytest.mark.timeout(300)
def test_the_same_certificate_on_both_legs_makes_channel_binding_work(servers, authority, start_proxy):
    process = start_proxy(
        upstream=f"127.0.0.1:{servers[True].port}",
        upstream_more=f"tls: {upstream_tls('verify-full', authority)}",
        listen=listeners(servers[True].identity),
        more="auth: {channel_binding: same_certificate}\n",
    )
    check_table(process, True, log_in, ["scram_role"], same_certificate=True)


@pytest.mark.parametrize("upstream_mode", ["prefer", "require", "verify-full"])
def test_tls_on_both_legs_is_refused_with_the_ways_out(upstream_mode, ours, authority, tmp_path):
    """protocol.md 2.3: by `check` and at start alike."""
    path = tmp_path / "pgconcord.yaml"
    text = configuration(
        "127.0.0.1:5432", listen=listeners(ours), upstream_more=f"tls: {upstream_tls(upstream_mode, authority)}"
    )
    path.write_text(text)
    for verb in ("check", "run"):
        run = subprocess.run([binary(), verb, "--config", path], capture_output=True, text=True, timeout=30)
        assert run.returncode == 1
        line = text.splitlines().index(next(line for line in text.splitlines() if line.startswith("upstream"))) + 1
        assert f"{path}:{line}" in run.stderr
        for word in ("auth: {mode: scram}", "same_certificate", "unused", "channel binding"):
            assert word in run.stderr
