"""One measurement: a workload at an endpoint; and rounds of them, interleaved, so that slow drift of the machine hits all.

The order of the endpoints moves on by one place per round: nobody always runs after the same neighbour.
"""

import dataclasses
import sys

from harness import cpu
from harness.outcome import WorkloadFailed
from harness.pgconcord import counted
from harness.wire import ServerError
from harness.workloads import Job


@dataclasses.dataclass
class Sample:
    workload: str
    endpoint: str
    round: int
    units: float = 0.0
    seconds: float = 0.0
    cpu_us: float = 0.0
    user_us: float = 0.0
    system_us: float = 0.0
    counted: dict = dataclasses.field(default_factory=dict)  # by pgconcord, while it ran
    failure: str = ""

    @property
    def cpu_per_unit(self):
        return self.cpu_us / self.units

    @property
    def rate(self):
        return self.units / self.seconds


def take(workload, endpoint, job, round_number):
    sample = Sample(workload.name, endpoint.name, round_number)
    try:
        counters = counted(endpoint.admin)
        before = cpu.settled(endpoint)
        outcome = workload.run(job)
        used = cpu.settled(endpoint) - before
        counters = counted(endpoint.admin) - counters
    except (WorkloadFailed, ServerError, OSError) as failure:
        return dataclasses.replace(sample, failure=str(failure))
    return dataclasses.replace(
        sample, units=outcome.units, seconds=outcome.seconds,
        cpu_us=used.total, user_us=used.user, system_us=used.system, counted=dict(counters),
    )  # fmt: skip


def say(place):
    """Where it is, on one line of a terminal that writes over itself; nothing into a file."""
    if sys.stderr.isatty():
        print(f"{place:76}", end="\r", file=sys.stderr, flush=True)


def rounds(postgres, endpoints, workloads, options):
    """`options`: rounds, seconds, folder. Gives samples as they are taken."""
    total = options.rounds * len(workloads) * len(endpoints)
    done = 0
    for number in range(options.rounds):
        turn = number % len(endpoints)
        for workload in workloads:
            for endpoint in endpoints[turn:] + endpoints[:turn]:
                if workload.writes:
                    postgres.empty_tables()
                done += 1
                place = f"[{done}/{total}] round {number + 1} {workload.name} {endpoint.name}"
                say(place)
                job = Job(endpoint, ("-T", options.seconds), options.folder)
                sample = take(workload, endpoint, job, number)
                if sample.failure:
                    print(f"{place}: {sample.failure}", file=sys.stderr)
                yield sample
    say("")
