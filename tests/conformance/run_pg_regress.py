"""What the two suites that pg_regress runs have in common: rounds, a table, an exit status."""

import argparse
import time

from pg_regress import Suite
from rounds import server_for
from table import Table


def run_round(suite, program, this_round):
    started = time.monotonic()
    with server_for(this_round) as (_, port, ended):
        endings = suite.run(program, port)
    passed = sum(ending == "ok" for ending in endings.values())
    print(f"{this_round.name}: {passed} of {len(endings)} in {time.monotonic() - started:.0f} s", flush=True)
    for line in ended.warnings[:10]:
        print(f"  proxy: {line}")
    return endings


def arguments(rounds):
    parser = argparse.ArgumentParser()
    names = ",".join(r.name for r in rounds)
    parser.add_argument("--rounds", default=names, help=f"some of {names}; the first is compared with")
    parser.add_argument("--keep", action="store_true", help="keep the folder with every round's output")
    return parser.parse_args()


def main(title, suite_and_program, rounds, explained=None):
    """Returns the exit status. `explained`: {test: why it differs in the last round}."""
    given = arguments(rounds)
    by_name = {r.name: r for r in rounds}
    names = given.rounds.split(",")
    folder, program = suite_and_program
    suite = Suite(folder)
    try:
        results = [run_round(suite, program, by_name[name]) for name in names]
    finally:
        if given.keep:
            print(f"kept: {suite.folder}")
        else:
            suite.discard()
    table = Table("test", names)
    for test in results[0]:
        table.add(test, [endings.get(test, "missing") for endings in results], (explained or {}).get(test, ""))
    table.print()
    return table.finish(title)
