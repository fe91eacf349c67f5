"""The programs in drivers/: how each is made ready once, in a folder of the cache, and the command that runs it."""

import functools
import pathlib
import shutil
import sys

import debian
from places import CACHE

FOLDER = pathlib.Path(__file__).parent / "drivers"
JDBC = "42.7.14"
NODE = {"pg": "8.23.1", "pg-cursor": "2.22.0", "pg-copy-streams": "7.0.0", "postgres": "3.4.9"}
PYTHON = {
    "psycopg2-binary": "2.9.13",
    "psycopg[binary]": "3.3.9",
    "asyncpg": "0.32.0",
    "SQLAlchemy[asyncio]": "2.1.9",
}
VERSIONS = {
    "node-postgres": NODE["pg"],
    "postgres.js": NODE["postgres"],
    "pgx": "5.12.0",
    "pq": "1.12.3",
    "pgjdbc": JDBC,
    "ruby-pg": "Debian",
    "psycopg2": PYTHON["psycopg2-binary"],
    "psycopg": PYTHON["psycopg[binary]"],
    "SQLAlchemy": PYTHON["SQLAlchemy[asyncio]"],
}


def workshop(name, programs):
    """The programs' copy in the cache, where their toolchains may leave things."""
    folder = CACHE / f"driver-{name}"
    shutil.copytree(FOLDER / programs, folder, dirs_exist_ok=True)
    return folder


@functools.cache
def node_modules():
    debian.needs("npm", "apt-get install npm; postgres.js and node-postgres ask for Node.js 18 or newer")
    folder = workshop("node", "node")
    wanted = [f"{package}@{version}" for package, version in NODE.items()]
    debian.run(["npm", "install", "--silent", "--no-save", "--ignore-scripts", "--prefix", folder, *wanted])
    return folder


def node(program):
    folder = node_modules()
    return ["node", folder / program], folder


@functools.cache
def go(name):
    debian.needs(
        "go", "install Go 1.21 or newer, which gets the toolchain that a module asks for (Debian's 1.19 does not)"
    )
    folder = workshop(name, name)
    debian.run(["go", "mod", "tidy"], cwd=folder)
    debian.run(["go", "build", "-o", "program", "."], cwd=folder)
    return [folder / "program"], folder


@functools.cache
def jdbc():
    debian.needs("mvn", "apt-get install maven default-jdk-headless")
    folder = workshop("pgjdbc", "jdbc")
    jar = f"org.postgresql:postgresql:{JDBC}"
    debian.run(["mvn", "-q", "dependency:copy", f"-Dartifact={jar}", f"-DoutputDirectory={folder}"], cwd=folder)
    path = f"{folder}:{folder}/postgresql-{JDBC}.jar"
    debian.run(["javac", "-cp", path, "Jdbc.java"], cwd=folder)
    return ["java", "-cp", path, "Jdbc"], folder


def ruby():
    debian.needs("ruby", "apt-get install ruby ruby-pg")
    folder = workshop("ruby", "ruby")
    return ["ruby", "pg.rb"], folder


@functools.cache
def environment():
    folder = workshop("python", "python")
    if not (folder / "venv").exists():
        debian.run([sys.executable, "-m", "venv", folder / "venv"])
    wanted = [f"{package}=={version}" for package, version in PYTHON.items()]
    debian.run([folder / "venv/bin/python", "-m", "pip", "-q", "--disable-pip-version-check", "install", *wanted])
    return folder


def python(program):
    folder = environment()
    return [folder / "venv/bin/python", program], folder


ALL = {
    "node-postgres": functools.partial(node, "node_postgres.mjs"),
    "postgres.js": functools.partial(node, "postgres_js.mjs"),
    "pgx": functools.partial(go, "pgx"),
    "pq": functools.partial(go, "pq"),
    "pgjdbc": jdbc,
    "ruby-pg": ruby,
    "psycopg2": functools.partial(python, "use_psycopg2.py"),
    "psycopg": functools.partial(python, "use_psycopg.py"),
    "SQLAlchemy": functools.partial(python, "use_sqlalchemy.py"),
}
