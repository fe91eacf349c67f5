"""A throw-away PostgreSQL 15: made by initdb, without durability, so that the disk does not drown what is measured."""

import os
import pathlib
import signal
import subprocess

from ports import free_port

from harness.process import Child, as_postgres
from harness.wire import ServerError, Session

BINARIES = pathlib.Path(os.environ.get("PGCONCORD_POSTGRES_BIN", "/usr/lib/postgresql/15/bin"))
SCHEMA = pathlib.Path(__file__).resolve().parents[1] / "sql" / "schema.sql"

# Connections: PgBouncer keeps its 400 of bench/memory while the next endpoint opens as many. Log: the workload with
# duplicates would fill the disk with expected errors.
SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 1000
shared_buffers = 512MB
max_wal_size = 8GB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
log_min_messages = panic
"""


class Postgres:
    def __init__(self, folder):
        self.port = free_port()
        data = folder / "data"
        initdb = [BINARIES / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync", "--no-instructions"]  # fmt: skip
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_postgres())
        with (data / "postgresql.conf").open("a") as file:
            file.write(SETTINGS.format(port=self.port))
        self.child = Child("postgres", [BINARIES / "postgres", "-D", data], folder, **as_postgres())
        try:
            self.child.wait_until(self.answers)
            self.run(SCHEMA.read_text())
        except BaseException:
            self.stop()
            raise

    def answers(self):
        try:
            Session(self.port).close()
            return True
        except (OSError, ServerError):
            return False

    def run(self, sql):
        with Session(self.port) as session:
            return session.run(sql)

    def empty_tables(self):
        self.run("TRUNCATE bench, copied")
        self.run("CHECKPOINT")

    def stop(self):
        self.child.stop(signal.SIGINT)  # fast shutdown: does not wait for sessions
