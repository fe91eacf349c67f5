"""libpq's pipeline tests of the source package, and their protocol traces, through the proxy."""

import pathlib
import subprocess
import sys
import tempfile

import compare
import debian
from rounds import DIRECT, OFF, UNRELATED, Round

OBSERVED = "- {name: p, table: public.ppln_uniqviol, constraint: ppln_uniqviol_pkey, action: do_nothing}\n"
FOLDER = "src/test/modules/libpq_pipeline"


def program():
    built = debian.CACHE / "libpq_pipeline"
    if not built.exists():
        libraries = debian.development_files() / "usr/lib/postgresql/15/lib"
        code = debian.source() / FOLDER / "libpq_pipeline.c"
        debian.compile_c(built, code, f"-L{libraries}", "-lpq", "-lpgport", "-lpgcommon", "-lpq")
    return str(built)


def ending(test, port, trace):
    """ "ok", or what is wrong; a test with an expected trace must leave exactly that trace."""
    target = f"host=127.0.0.1 port={port} user=postgres dbname=postgres"
    done = subprocess.run([program(), "-r", "700", "-t", str(trace), test, target], capture_output=True, text=True)
    if done.returncode:
        return f"FAILED with {done.returncode}: {done.stderr.strip().splitlines()[-1]}"
    expected = debian.source() / FOLDER / f"traces/{test}.trace"
    return "ok" if not expected.exists() or expected.read_bytes() == trace.read_bytes() else "FAILED: other trace"


def run(_, port):
    tests = subprocess.run([program(), "tests"], capture_output=True, text=True, check=True).stdout.split()
    with tempfile.TemporaryDirectory() as folder:
        return {test: ending(test, port, pathlib.Path(folder) / f"{test}.trace") for test in tests}


if __name__ == "__main__":
    rounds = [DIRECT, OFF, UNRELATED, Round("observe", "observe", OBSERVED)]
    sys.exit(compare.main("libpq's pipeline tests", rounds, run, must_pass=True))
