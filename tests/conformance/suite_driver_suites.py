"""Drivers' own test suites through the proxy. What passes directly must pass; --only asyncpg takes one driver."""

import argparse
import sys

import compare
import own_suites
from rounds import DIRECT, UNRELATED, Round

OBSERVED = "- {name: p, table: public.exmany, constraint: exmany_pkey, action: do_nothing}\n"
ROUNDS = [DIRECT, Round("observe", "observe", OBSERVED), UNRELATED]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=own_suites.ALL, help="one driver instead of all")
    given = compare.arguments(ROUNDS, parser)
    status = 0
    for name in [given.only] if given.only else own_suites.ALL:

        def run(server, port, name=name):
            return own_suites.ALL[name](port, server.fresh_database(f"suite_{name}"))

        status |= compare.main(f"the suite of {name} {own_suites.VERSIONS[name]}", ROUNDS, run, given=given, full=False)
    return status


if __name__ == "__main__":
    sys.exit(main())
