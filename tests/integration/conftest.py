"""Fixtures: one PostgreSQL per test process, one database per test, proxies on request. All on loopback, all stopped."""

import contextlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness.certificates import Authority  # noqa: E402
from harness.postgres_server import PostgresServer  # noqa: E402
from harness.proxy_process import ProxyProcess, configuration  # noqa: E402
from harness.tls_clients import listener  # noqa: E402
from harness.tls_server import TlsPostgresServer  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--torture", type=int, default=60, help="how many random sequences of messages (test_torture.py)")
    parser.addoption("--torture-from", type=int, default=1, help="the first one's seed")


def pytest_generate_tests(metafunc):
    if "torture_seed" in metafunc.fixturenames:
        first = metafunc.config.getoption("--torture-from")
        metafunc.parametrize("torture_seed", range(first, first + metafunc.config.getoption("--torture")))


@pytest.fixture(scope="session")
def postgres():
    server = PostgresServer()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def upstream(postgres):
    """The server's address as the configuration file writes it."""
    return f"127.0.0.1:{postgres.port}"


@pytest.fixture
def database(postgres):
    """The name of a database that is empty but for what this test makes."""
    return postgres.fresh_database("test")


@pytest.fixture
def direct(postgres, database):
    """A direct connection as superuser to the test's database: the truth."""
    with postgres.connect(database) as connection:
        yield connection


def proxies(upstream):
    """Starts proxies and stops every one of them, checking how they ended."""
    started = []

    def start(policies="", mode="enforce", *, arguments=None, environment=None, **more):
        if arguments is None:
            config = configuration(more.pop("upstream", upstream), policies, mode, **more)
            process = ProxyProcess(config, environment=environment)
        else:
            process = ProxyProcess(None, arguments, environment)
        started.append(process)
        return process.start()

    yield start
    problems = []
    for process in started:
        try:
            process.discard()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.fixture
def proxy(upstream):
    yield from proxies(upstream)


@pytest.fixture(scope="module")
def module_proxy(upstream):
    """For tests that only look at what passes through; tests that count use `proxy`."""
    yield from proxies(upstream)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def ours(authority):
    return authority.issue("proxy")


@pytest.fixture(scope="module")
def tls_server(authority):
    server = TlsPostgresServer(authority, authority.issue("server"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def secure_proxy(proxy, ours):
    """TLS towards the client, none towards the server."""
    return lambda mode="require", more="", **options: proxy(listen=[listener(ours, mode, more=more)], **options)


@pytest.fixture
def securing_proxy(tls_server):
    """TLS towards the server, none towards the client."""
    start = proxies(f"127.0.0.1:{tls_server.port}")
    function = next(start)
    yield lambda tls, **options: function(upstream_more=f"tls: {{{tls}}}", **options)
    with contextlib.suppress(StopIteration):
        next(start)
