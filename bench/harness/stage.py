"""Everything that runs during a benchmark, in one temporary folder, stopped and removed in whatever way it ends."""

import contextlib
import pathlib
import resource
import shutil
import signal
import sys
import tempfile

from harness import endpoints
from harness.outcome import WorkloadFailed
from harness.postgres import Postgres
from harness.process import StartFailed, as_postgres
from harness.wire import ServerError


def raise_descriptor_limit():
    """400 sessions are 800 sockets in a proxy, beside the usual soft limit of 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def stage(binary):
    """A folder with a PostgreSQL and a copy of the binary, which may be built anew while a long benchmark runs.

    SIGTERM ends like Ctrl-C: through the clean-up.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    raise_descriptor_limit()
    with tempfile.TemporaryDirectory(prefix="pgc-bench-", ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        if as_postgres():
            shutil.chown(folder, "postgres", "postgres")
        kept = folder / "binary"
        if binary.exists():
            shutil.copy2(binary, kept)
        postgres = Postgres(folder)
        try:
            yield endpoints.Place(folder, postgres.port, kept), postgres
        finally:
            postgres.stop()


@contextlib.contextmanager
def running(names, place):
    """The endpoints with these names, all at once."""
    with contextlib.ExitStack() as stack:
        started = []
        for name in names:
            started.append(endpoints.start(name, place))
            stack.callback(started[-1].stop)
        yield started


@contextlib.contextmanager
def explained():
    """What the user can mend, or at least has to know, is said in its own words, without a traceback."""
    try:
        yield
    except (StartFailed, WorkloadFailed, ServerError) as failure:
        sys.exit(f"error: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
