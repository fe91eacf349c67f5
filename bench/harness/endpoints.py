"""What can be measured, by name: the server itself, the peers, and pgconcord in its configurations.

Every start function takes a `Place` and gives an `Endpoint`. PgBouncer comes as Debian configures it, but for the pool,
which is large enough that nobody waits, and quiet; HAProxy with one thread, as all others have one.
"""

import dataclasses
import pathlib
import shutil

from ports import free_port

from harness import pgconcord
from harness.process import Child, StartFailed, accepts, as_postgres

REFERENCE = "pgbouncer"


@dataclasses.dataclass
class Place:
    """Where an endpoint starts: an empty folder, the server's port, and what to put before the command (valgrind)."""

    folder: pathlib.Path
    server_port: int
    binary: pathlib.Path  # of pgconcord; missing where it was not built
    prefix: tuple = ()

    @property
    def patience(self):
        return 120 if self.prefix else 30


@dataclasses.dataclass
class Endpoint:
    name: str
    port: int
    child: Child | None = None  # None: the server itself, whose CPU is not looked at
    admin: str = ""  # host:port of pgconcord's HTTP interface

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def pids(self):
        return self.child.pids() if self.child else []

    def stop(self):
        if self.child:
            self.child.stop()


PGBOUNCER = """
[databases]
* = host=127.0.0.1 port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = session
default_pool_size = 450
max_client_conn = 1000
log_connections = 0
log_disconnections = 0
"""

HAPROXY = """
global
  nbthread 1
  maxconn 2000
defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
listen postgres
  bind 127.0.0.1:{port}
  server postgres 127.0.0.1:{server_port}
"""


def program(name):
    found = shutil.which(name, path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
    if not found:
        raise StartFailed(f"{name} is not installed: bench/install")
    return found


def start_peer(name, command, configuration, place):
    port = free_port()
    text = configuration.format(port=port, server_port=place.server_port, folder=place.folder)
    (place.folder / f"{name}.conf").write_text(text)
    # HAProxy would run as root too; the same user for both keeps valgrind's files readable alike.
    child = Child(name, [*place.prefix, *command], place.folder, **as_postgres())
    try:
        child.wait_until(lambda: accepts(port), place.patience)
    except BaseException:
        child.stop()
        raise
    return Endpoint(name, port, child)


def direct(place):
    return Endpoint("direct", place.server_port)


def pgbouncer(place):
    (place.folder / "users.txt").write_text('"postgres" ""\n')
    return start_peer("pgbouncer", [program("pgbouncer"), "pgbouncer.conf"], PGBOUNCER, place)


def haproxy(place):
    return start_peer("haproxy", [program("haproxy"), "-db", "-f", "haproxy.conf"], HAPROXY, place)


def concord(name):
    def start(place):
        child, port, admin = pgconcord.start(name, place)
        return Endpoint(name, port, child, admin)

    return start


STARTERS = {"direct": direct, "pgbouncer": pgbouncer, "haproxy": haproxy}
STARTERS |= {name: concord(name) for name in pgconcord.CONFIGURATIONS}
DEFAULT = [name for name in STARTERS if name != "pgconcord_up_front"]


def start(name, place):
    """Starts one endpoint in a folder of its own below `place.folder`."""
    folder = place.folder / name
    folder.mkdir()
    if as_postgres():
        shutil.chown(folder, "postgres", "postgres")
    return STARTERS[name](dataclasses.replace(place, folder=folder))
