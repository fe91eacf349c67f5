"""Drivers' own test suites, as their packages ship them: how to get each, and how to run it against a port. Each runs as
superuser in a database of its own."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import debian
from places import CACHE

VERSIONS = {"asyncpg": "0.32.0", "pgx": "v5.12.0", "pq": "v1.12.3"}
GO_MODULES = {"pgx": "github.com/jackc/pgx/v5", "pq": "github.com/lib/pq"}
SECONDS = 1800


def environment(port, database):
    names = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "postgres", "PGDATABASE": database}
    return {**os.environ, **names, "PGSSLMODE": "disable"}


def output(command, folder, environ):
    command = [str(part) for part in command]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=SECONDS).stdout


def with_second_attempt(run):
    """`run([])` runs all, `run([name, ...])` some. Tests with deadlines of milliseconds fail now and then on a busy
    machine: what did not pass is run once more, and said if it passes then."""
    cells = run([])
    failed = [name for name, cell in cells.items() if cell in ("FAILED", "ERROR")]
    again = run(failed) if failed else {}
    for name in failed:
        if again.get(name) == "ok":
            print(f"  passed when run again: {name}", flush=True)
            cells[name] = "ok"
    return cells


def tests_of_asyncpg():
    """asyncpg in an environment of its own, and the tests of its source distribution."""
    folder = CACHE / f"asyncpg-{VERSIONS['asyncpg']}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        wanted = f"asyncpg=={VERSIONS['asyncpg']}"
        debian.run([sys.executable, "-m", "venv", folder / "venv"])
        python = folder / "venv/bin/python"
        pip = [python, "-m", "pip", "-q", "--disable-pip-version-check"]
        debian.run([*pip, "install", wanted, "pytest", "pytest-timeout", "distro"])
        debian.run([*pip, "download", "--no-deps", "--no-binary", "asyncpg", wanted, "-d", folder])
        # Beside no source of the package, or its compiled modules would not be found.
        debian.run(
            [
                "tar",
                "xf",
                next(folder.glob("asyncpg-*.tar.gz")),
                "-C",
                folder,
                "--strip-components=1",
                "--wildcards",
                "*/tests",
            ]
        )
        (folder / "complete").touch()
    return folder


def asyncpg_tests(chosen, environ):
    folder = tests_of_asyncpg()
    # Of the package itself: its code style, and the machines of its own continuous integration.
    ignored = ["--ignore=tests/test__sourcecode.py", "--ignore=tests/test__environment.py"]
    command = [folder / "venv/bin/python", "-m", "pytest", "-v", "-p", "no:cacheprovider", "--timeout=60", *ignored]
    command += [f"tests/{name}" for name in chosen] or ["tests"]
    text = output(command, folder, environ)
    found = re.findall(r"^tests/(\S+::\S+) (PASSED|FAILED|ERROR|SKIPPED)", text, re.MULTILINE)
    return {name: "ok" if ending == "PASSED" else ending for name, ending in found}


def asyncpg(port, database):
    return with_second_attempt(lambda chosen: asyncpg_tests(chosen, environment(port, database)))


def go_module(name):
    debian.needs(
        "go", "install Go 1.21 or newer, which gets the toolchain that a module asks for (Debian's 1.19 does not)"
    )
    wanted = f"{GO_MODULES[name]}@{VERSIONS[name]}"
    done = debian.run(["go", "mod", "download", "-json", wanted], capture_output=True, cwd="/")
    return pathlib.Path(json.loads(done.stdout)["Dir"])


def go_tests(folder, packages, environ):
    """One package after the other: they use the same tables."""
    endings = {"pass": "ok", "fail": "FAILED", "skip": "SKIPPED"}

    def run(chosen):
        # -run takes one expression per level of subtests; a failed subtest is run again with its test.
        tests = sorted({name.split(".", 1)[1].split("/")[0] for name in chosen})
        only = [f"-run=^({'|'.join(tests)})$"] if tests else []
        command = ["go", "test", "-json", "-vet=off", "-count=1", "-p=1", *only, *packages]
        events = [json.loads(line) for line in output(command, folder, environ).splitlines() if line.startswith("{")]
        return {
            f"{event['Package'].rsplit('/', 1)[-1]}.{event['Test']}": endings[event["Action"]]
            for event in events
            if event.get("Test") and event["Action"] in endings
        }

    return with_second_attempt(run)


def pgx(port, database):
    folder = go_module("pgx")
    target = f"host=127.0.0.1 port={port} user=postgres dbname={database}"
    subprocess.run(
        [str(debian.SERVER / "bin/psql"), "-q", "-X", "-f", str(folder / "testsetup/postgresql_setup.sql"), target],
        check=True, capture_output=True,
    )  # fmt: skip
    settings = {"PGX_TEST_DATABASE": target, "PGX_TEST_TCP_CONN_STRING": target}
    packages = ["./", "./pgconn", "./pgtype", "./stdlib", "./pgxpool"]
    return go_tests(folder, packages, {**os.environ, **settings})


def pq(port, database):
    return go_tests(go_module("pq"), ["./"], environment(port, database))


ALL = {"asyncpg": asyncpg, "pgx": pgx, "pq": pq}
