"""What a workload did: how many units of work, in what time."""

import dataclasses


class WorkloadFailed(Exception):
    """The workload did not do its work at this endpoint; the text says why."""


@dataclasses.dataclass
class Outcome:
    units: float
    seconds: float
