"""CPU time of a process tree, in microseconds.

The total comes from the scheduler (nanoseconds, summed over threads), not from the ticks of 10 ms; the ticks only say how
it divides into user and system time. Both include what the kernel does for loopback TCP on behalf of the sender.
"""

import dataclasses
import os
import pathlib
import time

TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Cpu:
    total: float = 0.0
    user: float = 0.0
    system: float = 0.0

    def __sub__(self, earlier):
        return Cpu(self.total - earlier.total, self.user - earlier.user, self.system - earlier.system)


def of_process(pid):
    folder = pathlib.Path("/proc", str(pid))
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]) * TICK_US, int(fields[12]) * TICK_US
    threads = sum(int(file.read_text().split()[0]) for file in folder.glob("task/*/schedstat")) / 1000
    # Threads that ended are in `stat` only, which is rounded down: the larger one is never wrong.
    return Cpu(max(threads, user + system), user, system)


def of_tree(pids):
    parts = [of_process(pid) for pid in pids]
    return Cpu(*(sum(getattr(part, name) for part in parts) for name in ("total", "user", "system")))


def settled(endpoint, seconds=2.0):
    """The CPU time once the endpoint has nothing left to do, so that a workload pays for its own ending."""
    deadline = time.monotonic() + seconds
    last = of_tree(endpoint.pids())
    while time.monotonic() < deadline:
        time.sleep(0.02)
        now = of_tree(endpoint.pids())
        if now.total - last.total < 100:
            return now
        last = now
    return last
