"""A server as a child process: started with a log file, waited for until it answers, stopped; and its process tree."""

import os
import pathlib
import signal
import socket
import subprocess
import time


class StartFailed(Exception):
    """A server did not come up; the text says which and what it wrote."""


def as_postgres():
    """Arguments of Popen for programs that refuse to run as root: PostgreSQL and PgBouncer."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Child:
    def __init__(self, name, command, folder, **popen):
        self.name = name
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, start_new_session=True, **popen,
            )  # fmt: skip

    def wait_until(self, ready, seconds=30):
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None:
                raise StartFailed(f"{self.name} ended with {self.process.returncode}: {self.log()}")
            if time.monotonic() > deadline:
                raise StartFailed(f"{self.name} does not answer after {seconds} s: {self.log()}")
            time.sleep(0.02)

    def pids(self):
        """The process and all its descendants."""
        children = {}
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(status.parent.name))
        tree = [self.process.pid]
        for pid in tree:
            tree += children.get(pid, [])
        return tree

    def stop(self, first=signal.SIGTERM, seconds=20):
        if self.process.poll() is not None:
            return
        self.process.send_signal(first)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self):
        return self.log_path.read_text(errors="replace")[-2000:]
