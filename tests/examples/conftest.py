"""A PostgreSQL with the database and role that the READMEs of the examples ask for."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

from harness.postgres_server import PostgresServer  # noqa: E402


@pytest.fixture(scope="session")
def postgres():
    server = PostgresServer()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def shop(postgres):
    """The empty database `shop`."""
    return postgres.fresh_database("shop")
