"""pgbench as the client: one thread, a script of bench/sql or one made by `rows`, a fixed time or a fixed number."""

import os
import pathlib
import re
import subprocess

from harness.outcome import Outcome, WorkloadFailed
from harness.postgres import BINARIES
from harness.wire import DATABASE, USER

SQL = pathlib.Path(__file__).resolve().parents[1] / "sql"


def environment():
    """Nothing of the caller's PG* settings; no questions about encryption before each session."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"PGSSLMODE": "disable", "PGGSSENCMODE": "disable"}


def run(port, script, amount, *flags):
    """`amount`: ("-T", seconds) or ("-t", transactions of each client)."""
    command = [BINARIES / "pgbench", "-n", "-h", "127.0.0.1", "-p", port, "-U", USER, "-f", script, *amount, *flags]
    words = [str(word) for word in [*command, DATABASE]]
    done = subprocess.run(words, capture_output=True, text=True, env=environment())
    processed = re.search(r"transactions actually processed: (\d+)", done.stdout)
    rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode or not processed or not rate or float(rate[1]) == 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()] or done.stderr.splitlines()
        raise WorkloadFailed(f"pgbench ended with {done.returncode}: {' '.join(lines[:1])}")
    return Outcome(int(processed[1]), int(processed[1]) / float(rate[1]))
