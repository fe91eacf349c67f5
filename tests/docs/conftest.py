"""The program under test (PGCONCORD_BIN, else build/dev/pgconcord) and one PostgreSQL for what pages show."""

import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

from harness.postgres_server import PostgresServer  # noqa: E402
from harness.proxy_process import binary  # noqa: E402


@pytest.fixture(scope="session")
def pgconcord():
    """`pgconcord(arguments...)` runs a verb and returns the finished process."""

    def run(*arguments, **more):
        return subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, **more)

    return run


@pytest.fixture(scope="session")
def postgres():
    server = PostgresServer()
    try:
        yield server.start()
    finally:
        server.stop()
