"""The two suites that pg_regress runs."""

import argparse
import itertools

import compare
from pg_regress import Suite


def main(title, suite_and_program, rounds, explained=None, independent=False):
    """`independent`: no test of the suite needs another one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", action="store_true", help="keep the folder with every round's output")
    given = compare.arguments(rounds, parser)
    folder, program = suite_and_program
    suite = Suite(folder)
    run = suite.run_independent if independent else suite.run
    numbers = itertools.count(1)
    try:
        return compare.main(
            title, rounds, lambda _, port: run(program, port, f"round-{next(numbers)}"), explained, given
        )
    finally:
        if given.keep:
            print(f"kept: {suite.folder}")
        else:
            suite.discard()
