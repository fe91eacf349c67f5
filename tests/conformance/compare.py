"""What every suite does: runs the same thing in each round, prints the table, says whether anything differs."""

import argparse
import time

from rounds import server_for
from table import Table


def run_round(run, this_round):
    started = time.monotonic()
    with server_for(this_round) as (server, port, ended):
        cells = run(server, port)
    good = sum(cell == "ok" for cell in cells.values())
    print(f"{this_round.name}: {good} of {len(cells)} ok in {time.monotonic() - started:.0f} s", flush=True)
    for line in ended.warnings[:10]:
        print(f"  proxy: {line}")
    return cells


def arguments(rounds, parser):
    names = ",".join(r.name for r in rounds)
    parser.add_argument("--rounds", default=names, help=f"some of {names}; the first is compared with")
    return parser.parse_args()


def main(title, rounds, run, explained=None, given=None, full=True, must_pass=False):
    """`run(server, port)` returns {test: cell}; `explained`: {test: why it may differ}; `full`: rows that
    do not differ are shown too; `must_pass`: no test may fail directly. Returns the exit status."""
    given = given or arguments(rounds, argparse.ArgumentParser())
    by_name = {r.name: r for r in rounds}
    names = given.rounds.split(",")
    results = [run_round(run, by_name[name]) for name in names]
    table = Table("test", names, must_pass)
    for test in {test: None for cells in results for test in cells}:
        table.add(test, [cells.get(test, "missing") for cells in results], (explained or {}).get(test, ""))
    table.print(full)
    return table.finish(title)
