"""Fixtures: one PostgreSQL per test process, one database per test, proxies on request. All on loopback, all stopped."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness.postgres_server import PostgresServer  # noqa: E402
from harness.proxy_process import ProxyProcess, configuration  # noqa: E402


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
