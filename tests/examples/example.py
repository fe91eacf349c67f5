"""An example as its README has it: commands to prepare it once, to put pgconcord in front of a table, to run it.

Its tracked files are copied into .cache/examples, where what the package managers bring stays for the next time."""

import os
import pathlib
import re
import shutil
import subprocess

from harness.postgres_server import BINARIES
from harness.proxy_process import REPOSITORY, binary

CACHE = REPOSITORY / ".cache/examples"
FRAMEWORKS = {
    "django-signup": "Django",
    "rails": "Active Record",
    "fastapi": "SQLAlchemy",
    "hibernate": "Hibernate, JDBC",
    "node": "node-postgres, TypeORM",
    "go": "pgx, GORM",
}


def copy_tracked_files():
    """The examples as a clean clone has them (and what is new and not ignored), beside what earlier runs installed."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "examples"]
    names = subprocess.run(listed, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        source, target = REPOSITORY / name, CACHE / pathlib.Path(name).relative_to("examples")
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


class Example:
    def __init__(self, folder):
        copy_tracked_files()
        self.folder = CACHE / folder
        text = (self.folder / "README.md").read_text()
        self.commands = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)

    def environment(self, **more):
        programs = CACHE / "bin"
        programs.mkdir(exist_ok=True)
        (programs / "pgconcord").unlink(missing_ok=True)
        (programs / "pgconcord").symlink_to(pathlib.Path(binary()).resolve())
        return {**os.environ, "PATH": f"{programs}:{BINARIES}:{os.environ['PATH']}", **more}

    def shell(self, script, **more):
        """Runs commands of the README; what they write, when they end well."""
        environment = self.environment(**more)
        result = subprocess.run(
            ["bash", "-ec", script],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert result.returncode == 0, f"{script}\n{result.stdout[-2000:]}\n{result.stderr[-3000:]}"
        return result.stdout

    def prepared(self):
        """Installs and builds, unless the files that say what are those of the last time."""
        stamp, wanted = self.folder / ".prepared", self.fingerprint()
        if not stamp.exists() or stamp.read_text() != wanted:
            self.shell(self.commands[-3])
            stamp.write_text(wanted)
        return self

    def fingerprint(self):
        files = sorted(path for path in self.folder.rglob("*") if self.is_source(path))
        return "".join(f"{path}\n{path.read_text(errors='replace')}" for path in files)

    def is_source(self, path):
        installed = {"node_modules", ".venv", "vendor", "target", "__pycache__", ".bundle"}
        return (
            path.suffix in {".txt", ".json", ".go", ".mod", ".sum", ".xml", ".java", ".lock"}
            and not (installed & set(path.relative_to(self.folder).parts))
            or path.name == "Gemfile"
        )


def with_ports(text, **ports):
    """The commands with other ports than those of the README: `with_ports(text, p5432=...)`."""
    return re.sub(r"\b(5432|6432|9732)\b", lambda match: str(ports["p" + match[0]]), text)
