"""A PostgreSQL with `ssl = on`, a certificate of the test's and a role that logs in by certificate."""

import os
import shutil

from harness.postgres_server import ACCESS, PostgresServer

CERT_ACCESS = "hostssl all cert_role all cert\n"


class TlsPostgresServer(PostgresServer):
    def __init__(self, authority, identity):
        super().__init__()
        self.authority = authority
        self.identity = identity

    def start(self):
        super().start()
        data = self.folder / "data"
        for source, name in ((self.identity.cert, "server.crt"), (self.identity.key, "server.key"),
                             (self.authority.cert, "root.crt")):  # fmt: skip
            shutil.copyfile(source, data / name)
            (data / name).chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(data / name, "postgres", "postgres")
        (data / "pg_hba.conf").write_text(CERT_ACCESS + ACCESS)
        with self.connect() as connection:
            connection.execute("CREATE ROLE cert_role LOGIN")
            connection.execute("ALTER SYSTEM SET ssl_ca_file = 'root.crt'")
            connection.execute("ALTER SYSTEM SET ssl = on")
        self.stop_process()
        self.start_process()
        return self
