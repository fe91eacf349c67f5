"""PostgreSQL's own programs through the proxy: dump and restore, backups, both kinds of replication, pgbench. A cell
is "ok" or a digest of what came out, which must be the same in every round."""

import hashlib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import compare
import debian
from rounds import DIRECT, OFF, UNRELATED, Round

POLICY = "- {name: p, table: public.hits, constraint: hits_pkey, action: do_update}\n"
SCHEMA = """
CREATE TABLE things (id serial PRIMARY KEY, body text, at timestamptz DEFAULT '2024-01-01', tags text[], raw bytea);
INSERT INTO things (body, tags, raw) SELECT repeat('ä', g % 100), ARRAY[g::text, NULL], decode(md5(g::text), 'hex')
  FROM generate_series(1, 20000) g;
CREATE TABLE hits (id int PRIMARY KEY, client int);
CREATE VIEW few AS SELECT * FROM things WHERE id < 10;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT lo_from_bytea(424242, decode(repeat('00ff', 20000), 'hex'));
"""
SCRIPT = "\\startpipeline\nBEGIN;\nINSERT INTO hits VALUES (:client_id * 1000000 + :k, 1);\nROLLBACK;\n\\endpipeline\n"


class Tools:
    def __init__(self, server, port):
        self.server = server
        self.port = port
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pgc-tools-"))

    def run(self, tool, *arguments, port=None, **more):
        command = [
            debian.SERVER / "bin" / tool,
            "-h",
            "127.0.0.1",
            "-p",
            port or self.port,
            "-U",
            "postgres",
            *arguments,
        ]
        done = subprocess.run([str(part) for part in command], capture_output=True, **more)
        if done.returncode:
            raise RuntimeError(f"{tool}: {done.stderr.decode()[-500:]}")
        return done.stdout

    def sql(self, text):
        """The first value of the last statement, asked for directly."""
        with self.server.connect("first") as connection:
            cursor = connection.execute(text)
            while cursor.nextset():
                pass
            return cursor.fetchone()[0]

    # A random token guards a dump against its own restore.
    def dump(self, database, port=None):
        text = self.run("pg_dump", database, port=port)
        return re.sub(rb"\\(un)?restrict \w+", b"", text)

    def dump_and_restore(self):
        archive = self.folder / "archive"
        self.run("pg_dump", "-Fc", "-f", archive, "first")
        self.run("createdb", "second")
        self.run("pg_restore", "-j", "2", "-d", "second", archive)
        direct = self.dump("first", self.server.port)
        assert self.dump("first") == direct, "a dump through the proxy is another dump"
        assert self.dump("second", self.server.port) == direct, "what was restored is not what was dumped"
        return digest(direct)

    def base_backup(self):
        backup = self.folder / "backup"
        self.run("pg_basebackup", "-D", backup, "-X", "stream", "-c", "fast")
        subprocess.run([str(debian.SERVER / "bin/pg_verifybackup"), str(backup)], check=True, capture_output=True)
        return "ok"

    def receive_wal(self):
        """The segment that was received is, byte for byte, the segment that the server wrote."""
        self.sql("SELECT pg_create_physical_replication_slot('wal', true)::text")
        start = self.sql("SELECT pg_walfile_name(pg_current_wal_lsn())")
        self.sql("CREATE TABLE w AS SELECT g FROM generate_series(1, 1000) g; SELECT 1")
        end = self.sql("SELECT pg_switch_wal()")
        self.sql("CREATE TABLE w2 (a int); SELECT pg_switch_wal()")
        received = self.folder / "wal"
        received.mkdir()
        self.run("pg_receivewal", "--slot=wal", "-D", received, f"--endpos={end}", "--no-loop", timeout=60)
        found = next(path for path in received.iterdir() if path.name.startswith(start))
        written = self.server.folder / "data/pg_wal" / start
        same = found.read_bytes() == written.read_bytes()
        return "ok" if same and found.stat().st_size == 16 << 20 else f"other bytes in {found.name}"

    def receive_logical(self):
        slot = ["-d", "first", "--slot=logical"]
        self.run("pg_recvlogical", *slot, "--create-slot", "-P", "test_decoding")
        self.sql("INSERT INTO hits SELECT g, g FROM generate_series(1, 5000) g; SELECT 1")
        end = self.sql("SELECT pg_current_wal_insert_lsn()")
        output = self.folder / "changes"
        arguments = ["--start", "-f", output, f"--endpos={end}", "-o", "include-xids=0", "--no-loop"]
        self.run("pg_recvlogical", *slot, *arguments, timeout=60)
        changes = output.read_bytes()
        assert changes.count(b"INSERT") == 5000, f"{changes.count(b'INSERT')} changes of 5000"
        self.run("pg_recvlogical", *slot, "--drop-slot")
        return digest(changes)

    def bench(self, mode):
        self.run("pgbench", "-i", "-q", "first")
        out = self.run("pgbench", "-n", "-M", mode, "-c", "4", "-t", "100", "first")
        assert b"processed: 400/400" in out, out
        sums = "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history)"
        return "ok" if self.sql(sums) else "balances do not add up"

    def bench_pipeline(self):
        script = self.folder / "script.sql"
        script.write_text("\\set k random(10000, 900000)\n" + SCRIPT)
        out = self.run("pgbench", "-n", "-M", "extended", "-f", script, "-c", "4", "-t", "200", "first")
        return "ok" if b"processed: 800/800" in out else "transactions are missing"

    def copy(self):
        rows = self.run(
            "psql", "-c", "COPY (SELECT g, md5(g::text) FROM generate_series(1, 200000) g) TO STDOUT", "first"
        )
        self.run(
            "psql", "-c", "CREATE TABLE copied (a int, b text)", "-c", "COPY copied FROM STDIN", "first", input=rows
        )
        again = self.run("psql", "-c", "COPY (SELECT * FROM copied ORDER BY a) TO STDOUT", "first")
        assert again == rows, "what was copied in does not come out again"
        return digest(rows)

    def maintenance(self):
        for command in (["vacuumdb", "-z", "-j", "2"], ["reindexdb", "-j", "2"], ["clusterdb"]):
            self.run(*command, "first")
        self.run("pg_isready")
        return "ok"


def digest(data):
    return hashlib.sha256(data).hexdigest()[:8]


def attempt(check, *arguments):
    try:
        return check(*arguments)
    except (AssertionError, RuntimeError, StopIteration, subprocess.SubprocessError) as problem:
        return f"FAILED {type(problem).__name__}: {problem}"


def run(server, port):
    server.fresh_database("first")
    tools = Tools(server, port)
    try:
        tools.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "first", input=SCHEMA.encode())
        checks = [tools.dump_and_restore, tools.copy, tools.base_backup, tools.receive_wal, tools.receive_logical]
        cells = {check.__name__: attempt(check) for check in [*checks, tools.maintenance, tools.bench_pipeline]}
        cells.update({f"bench {mode}": attempt(tools.bench, mode) for mode in ("simple", "extended", "prepared")})
        return cells
    finally:
        shutil.rmtree(tools.folder, ignore_errors=True)


if __name__ == "__main__":
    rounds = [DIRECT, OFF, Round("observe", "observe", POLICY), UNRELATED, Round("enforced", "enforce", POLICY)]
    sys.exit(compare.main("PostgreSQL's programs", rounds, run, must_pass=True))
