"""The package once per run, a bare Debian per module, a PostgreSQL for what is started there."""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

from debian_root import REPOSITORY, Root, run  # noqa: E402
from harness.postgres_server import PostgresServer  # noqa: E402


@pytest.fixture(scope="session")
def package():
    """The Debian package: PGCONCORD_DEB, or built from the release preset."""
    if "PGCONCORD_DEB" in os.environ:
        return pathlib.Path(os.environ["PGCONCORD_DEB"])
    result = run([REPOSITORY / "scripts/package", os.environ.get("PGCONCORD_PACKAGE_PRESET", "release")])
    return REPOSITORY / result.stdout.split()[-1]


@pytest.fixture(scope="session")
def postgres():
    server = PostgresServer()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.fail("these tests install packages into a folder with chroot: run them as root")
    folder = Root(tmp_path_factory.mktemp("debian") / "root").unpack()
    yield folder
    mounted = subprocess.run(
        ["grep", "-c", str(folder.folder), "/proc/mounts"], capture_output=True, text=True
    ).stdout.strip()
    assert mounted == "0", "something is still mounted there"
    folder.remove()
