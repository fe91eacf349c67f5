"""A throw-away PostgreSQL cluster: made by initdb in a temporary folder, gone when stopped. Never a system cluster."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import psycopg

from harness.ports import free_port, has_ipv6
from harness.waiting import wait_until

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")  # psql and its kin, with the system's libpq
BINARIES = pathlib.Path(os.environ.get("PGCONCORD_POSTGRES_BIN", PROGRAMS))  # of the server; may lack them

SETTINGS = """
listen_addresses = '{addresses}'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = logical
max_wal_senders = 6
max_prepared_transactions = 10
lc_messages = 'C'
timezone = 'UTC'
log_statement = 'all'
log_line_prefix = '%p %d %a '
"""

# One role per way to log in; everyone else is trusted. The password of each role is its name.
ACCESS = """
local all all trust
host all,replication +scram_users all scram-sha-256
host all scram_nobody all scram-sha-256
host all md5_role all md5
host all password_role all password
host all all all trust
host replication all all trust
"""

ROLES = """
CREATE ROLE app LOGIN;
CREATE ROLE insert_only LOGIN;
SET password_encryption = 'scram-sha-256';
CREATE ROLE scram_users;
CREATE ROLE scram_role LOGIN REPLICATION PASSWORD 'scram_role' IN ROLE scram_users;
CREATE ROLE password_role LOGIN PASSWORD 'password_role';
SET password_encryption = 'md5';
CREATE ROLE md5_role LOGIN PASSWORD 'md5_role';
"""


def unprivileged():
    """initdb and postgres refuse to run as root: the `postgres` user of the Debian package stands in."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


DROP_SCHEMAS = """
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
END $$
"""


class PostgresServer:
    superuser = "postgres"

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pgc-pg-"))
        self.port = free_port()
        self.process = None
        self.log_start = 0

    @property
    def log_path(self):
        return self.folder / "server.log"

    def start(self):
        self.folder.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        data = self.folder / "data"
        run = [BINARIES / "initdb", "-D", data, "-U", self.superuser, "--auth=trust", "-E", "UTF8",
               "--locale=C.UTF-8", "--no-sync", "--no-instructions"]  # fmt: skip
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **unprivileged())
        addresses = "127.0.0.1,::1" if has_ipv6() else "127.0.0.1"
        settings = SETTINGS.format(addresses=addresses, port=self.port, folder=self.folder)
        with (data / "postgresql.conf").open("a") as file:
            file.write(settings)
        (data / "pg_hba.conf").write_text(ACCESS)
        self.start_process()
        with self.connect() as connection:
            connection.execute(ROLES)
        return self

    def start_process(self):
        with self.log_path.open("ab") as log:
            command = [BINARIES / "postgres", "-D", self.folder / "data"]
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **unprivileged()
            )
        wait_until(self.answers, "PostgreSQL accepts connections", 30)

    def answers(self):
        assert self.process.poll() is None, f"PostgreSQL did not start: {self.log()[-2000:]}"
        try:
            self.connect().close()
            return True
        except psycopg.OperationalError:
            return False

    def stop_process(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(2)  # SIGINT: fast shutdown
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(3)  # SIGQUIT: immediate shutdown
                self.process.wait(20)

    def stop(self):
        self.stop_process()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, database="postgres", user=None, **more):
        """A direct connection as superuser, autocommit, for setting up and for looking at the truth."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=user or self.superuser, dbname=database, autocommit=True, **more
        )

    def fresh_database(self, name):
        """An empty database with this name. An existing one is emptied, which takes a tenth of the time of a new one."""
        with self.connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if not found:
                connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
                connection.execute(f'GRANT ALL ON DATABASE "{name}" TO app')
            terminate = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(terminate, [name])
        with self.connect(name) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute(DROP_SCHEMAS)
            connection.execute("CREATE SCHEMA public")
            connection.execute("GRANT ALL ON SCHEMA public TO PUBLIC")
            connection.execute("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO app")
            connection.execute("ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO app")
        self.log_start = self.log_path.stat().st_size
        return name

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_of(self, database):
        """Log lines of one database since it was made fresh; continuation lines of a statement come along."""
        with self.log_path.open("rb") as file:
            file.seek(self.log_start)
            text = file.read().decode(errors="replace")
        lines, inside = [], False
        for line in text.splitlines():
            if not line.startswith("\t"):
                inside = line.split(" ")[1:2] == [database]
            if inside:
                lines.append(line)
        return "\n".join(lines)
