"""Runs pg_regress or pg_isolation_regress of the Debian package against a port and reads how each test ended. Both run
as the server's own user, because the server reads the suite's data and writes where the suite looks."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import debian
from harness.postgres_server import unprivileged

PGXS = debian.SERVER / "lib/pgxs/src/test"
# 15: "test foo ... ok 12 ms" and "     foo ... FAILED 3 ms"
RESULT = re.compile(r"^(?:test)?\s+(\S+)\s+\.\.\.\s+(ok|FAILED|failed \(ignored\))", re.MULTILINE)


def cell(ending, output, folder):
    if ending == "ok":
        return ending
    return f"FAILED {hashlib.sha256(output.replace(str(folder).encode(), b'')).hexdigest()[:6]}"


class Suite:
    """A copy of the suite's folder that the server may read and write."""

    def __init__(self, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"pgc-{name}-"))
        shutil.copytree(debian.source() / "src/test" / name, self.folder / "suite")
        self.schedule = next((self.folder / "suite").glob("*_schedule"))
        self.libraries = self.folder / "lib"
        self.libraries.mkdir()
        if name == "regress":
            self.add_libraries()

    def add_libraries(self):
        """regress.so from the source; two modules of contrib as installed."""
        code = debian.source() / "src/test/regress/regress.c"
        debian.compile_c(self.libraries / "regress.so", "-fPIC", "-shared", code)
        for module in ("refint.so", "autoinc.so"):
            shutil.copy(debian.SERVER / "lib" / module, self.libraries)

    def own(self):
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "postgres:postgres", str(self.folder)], check=True)

    def run_independent(self, program, port, place):
        """Like run(), for tests of which none needs another: one that fails is run once more on its own."""
        cells = self.run(program, port, place)
        failed = [test for test, ending in cells.items() if ending != "ok"]
        if failed:
            full, self.schedule = self.schedule, self.folder / f"schedule-{place}"
            self.schedule.write_text("".join(f"test: {test}\n" for test in failed))
            again = self.run(program, port, f"{place}-again")
            self.schedule = full
            for test in failed:
                if again.get(test) == "ok":
                    print(f"  passed when run again: {test}", flush=True)
                    cells[test] = "ok"
        return cells

    def run(self, program, port, place):
        """Returns {test: "ok" or "FAILED" with a digest of what it printed}: a test that fails directly too, because
        the archive's source is older than the server, must fail with the same output."""
        output = self.folder / place
        output.mkdir()
        self.own()
        command = [
            PGXS / program, "--host=127.0.0.1", f"--port={port}", "--user=postgres",
            f"--bindir={debian.SERVER / 'bin'}", f"--inputdir={self.folder / 'suite'}", f"--outputdir={output}",
            f"--dlpath={self.libraries}", f"--schedule={self.schedule}",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=output, capture_output=True, text=True, errors="replace", **unprivileged())
        endings = dict(RESULT.findall(done.stdout))
        if not endings:
            raise SystemExit(f"{program} ran no test:\n{done.stdout}\n{done.stderr}")
        outputs = {path.stem: path.read_bytes() for path in (output / "results").rglob("*.out")}
        return {test: cell(ending, outputs.get(test, b""), output) for test, ending in endings.items()}

    def discard(self):
        shutil.rmtree(self.folder, ignore_errors=True)
