"""The workloads: a name that ends with the number of clients, the group it is reported in, and what is counted."""

import dataclasses
import pathlib
import typing

from harness import duplicates, pgbench, rows, transfer
from harness.endpoints import Endpoint
from harness.pgconcord import ABSORBING

BULK_MEGABYTES = 64


@dataclasses.dataclass
class Job:
    """One run of a workload at one endpoint. `amount` is pgbench's: ("-T", seconds) or ("-t", transactions)."""

    endpoint: Endpoint
    amount: tuple
    folder: pathlib.Path

    @property
    def port(self):
        return self.endpoint.port


@dataclasses.dataclass
class Workload:
    name: str
    group: str
    unit: str
    run: typing.Callable
    writes: bool = False  # its table is emptied before every run
    clients: int = 1
    per_transaction: int = 1
    counts_statements: bool = True  # takes a number of statements for an amount, not only a time


def scripted(name, group, script, *flags, per_transaction=1, unit="statement", writes=False):
    """A workload of pgbench. `script`: a file of bench/sql, or the number of rows of an INSERT."""
    clients = int(name.rpartition("@")[2])

    def run(job):
        file = rows.write_script(job.folder, script) if isinstance(script, int) else pgbench.SQL / script
        outcome = pgbench.run(job.port, file, job.amount, "-c", clients, *flags)
        return dataclasses.replace(outcome, units=outcome.units * per_transaction)

    return Workload(name, group, unit, run, writes, clients, per_transaction)


def all_workloads():
    simple, extended, prepared = ("-M", "simple"), ("-M", "extended"), ("-M", "prepared")
    return [
        scripted("select1@1", "SELECT 1", "select1.sql", *simple),
        scripted("select1@8", "SELECT 1", "select1.sql", *simple),
        scripted("select1-extended@8", "SELECT 1", "select1.sql", *extended),
        scripted("select1-prepared@8", "SELECT 1", "select1.sql", *prepared),
        scripted("insert-prepared@8", "INSERT", "insert.sql", *prepared, writes=True),
        scripted("insert-extended@8", "INSERT", "insert.sql", *extended, writes=True),
        scripted("insert-literal@8", "INSERT", "insert.sql", *simple, writes=True),
        Workload(
            "insert-duplicate@8", "INSERT", "statement",
            lambda job: duplicates.run(job.port, 8, job.amount, job.endpoint.name in ABSORBING),
            writes=True, clients=8,
        ),
        scripted("insert-100-rows@4", "INSERT of many rows", 100, *simple, writes=True),
        scripted("insert-1000-rows@4", "INSERT of many rows", 1000, *simple, writes=True),
        scripted("pipeline-select1@8", "Pipelines of ten", "pipeline_select1.sql", *extended, per_transaction=10),
        scripted("pipeline-insert@8", "Pipelines of ten", "pipeline_insert.sql", *extended, per_transaction=10, writes=True),
        Workload(
            "result", "Bulk transfer", "MB",
            lambda job: transfer.result(job.port, BULK_MEGABYTES), counts_statements=False,
        ),
        Workload(
            "copy-in", "Bulk transfer", "MB",
            lambda job: transfer.copy_in(job.port, BULK_MEGABYTES), writes=True, counts_statements=False,
        ),
        scripted("connect@8", "Connect and disconnect", "select1.sql", *simple, "-C", unit="session"),
    ]  # fmt: skip
