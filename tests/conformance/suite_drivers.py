"""Current releases of the drivers people use, in ordinary use: types, prepared statements, batches, pipelines, COPY,
notifications, cancel, errors, transactions, big values. Each program in drivers/ prints what it saw, and must print the
same with and without the proxy. --only pgx,ruby takes some."""

import argparse
import difflib
import os
import re
import subprocess
import sys
import threading

import compare
import driver_programs
from rounds import DIRECT, OFF, UNRELATED, Round

OBSERVED = "- {name: p, table: public.item, constraint: item_name_key, action: do_nothing}\n"
ROUNDS = [DIRECT, OFF, Round("observe", "observe", OBSERVED), UNRELATED]
SECONDS = 200


def printed(command, folder, port, database):
    """What the program says, by its steps; a step that ends the program early says so."""
    names = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGUSER": "postgres",
        "PGDATABASE": database,
        "PGSSLMODE": "disable",
    }
    started = subprocess.Popen(
        [str(part) for part in command], cwd=folder, env={**os.environ, **names}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    clock = threading.Timer(SECONDS, started.kill)
    clock.start()
    out, err = started.communicate()
    clock.cancel()
    pieces = re.split(r"^== (.*)\n", out, flags=re.MULTILINE)
    steps = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    if started.returncode or not steps:
        last = list(steps)[-1] if steps else "start"
        steps[last] = f"FAILED with status {started.returncode}\n{steps.get(last, '')}\n{err[-2000:]}"
    return steps


class Comparison:
    """The first round is the truth."""

    def __init__(self, name):
        self.name = name
        self.expected = None

    def cell(self, step, text):
        if text.startswith("FAILED"):
            print(f"  {self.name}, {step}: {text}", flush=True)
            return "FAILED"
        wanted = self.expected.get(step, "nothing")
        if text == wanted:
            return "ok"
        for line in difflib.unified_diff(
            wanted.splitlines(), text.splitlines(), "directly", "through the proxy", lineterm="", n=0
        ):
            print(f"  {line[:300]}", flush=True)
        return "differs"

    def run(self, server, port):
        database = server.fresh_database("driver")
        with server.connect(database) as connection:
            connection.execute((driver_programs.FOLDER / "schema.sql").read_text())
        steps = printed(*driver_programs.ALL[self.name](), port, database)
        self.expected = self.expected or steps
        return {f"{self.name}: {step}": self.cell(step, text) for step, text in steps.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(driver_programs.ALL), help="some of the drivers")
    given = compare.arguments(ROUNDS, parser)
    status = 0
    for name in given.only.split(","):
        title = f"{name} ({driver_programs.VERSIONS[name]})"
        status |= compare.main(title, ROUNDS, Comparison(name).run, given=given, full=False, must_pass=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
