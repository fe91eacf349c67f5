"""strace -c -f on a running endpoint: how often it makes which system call."""

import contextlib
import re
import signal

from harness.endpoints import program
from harness.process import Child


class Trace:
    def __init__(self, summary):
        self.summary = summary

    def calls(self):
        """Number of calls by name, from the summary that strace writes when it lets go."""
        found = {}
        for line in self.summary.read_text().splitlines():
            columns = line.split()
            if columns and re.fullmatch(r"[\d.]+", columns[0]) and columns[-1] != "total":
                found[columns[-1]] = int(columns[3])
        return found


@contextlib.contextmanager
def attached(endpoint, folder):
    summary = folder / f"{endpoint.name}.strace"
    pids = [word for pid in endpoint.pids() for word in ("-p", str(pid))]
    child = Child(f"{endpoint.name}-strace", [program("strace"), "-c", "-f", "-o", summary, *pids], folder)
    try:
        child.wait_until(lambda: "attached" in child.log(), 10)
        yield Trace(summary)
    finally:
        child.stop(signal.SIGINT)
