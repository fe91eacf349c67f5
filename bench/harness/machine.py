"""The line under every report: command, cores, load and versions; nothing that names the machine or its paths."""

import os
import pathlib
import platform
import re
import subprocess
import sys

from harness.endpoints import program
from harness.postgres import BINARIES
from harness.process import StartFailed


def version(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    found = re.search(r"\d+\.\d+[\w.+~-]*", done.stdout + done.stderr)
    return found[0] if found else "unknown"


def peer_version(name, flag):
    try:
        return version([program(name), flag])
    except StartFailed:
        return "not installed"


def line(binary):
    load = os.getloadavg()[0]
    kernel = ".".join(platform.release().split(".")[:2])
    congestion = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    own = version([binary, "version"]) if binary.exists() else "not built"
    facts = [
        f"{os.cpu_count()} cores", f"load {load:.1f} at the end", f"Linux {kernel}", f"TCP {congestion}",
        f"PostgreSQL {version([BINARIES / 'postgres', '--version'])}", f"PgBouncer {peer_version('pgbouncer', '--version')}",
        f"HAProxy {peer_version('haproxy', '-v')}", f"pgconcord {own}",
    ]  # fmt: skip
    command = " ".join([f"bench/{pathlib.Path(sys.argv[0]).name}", *sys.argv[1:]])
    return f"`{command}` - " + ", ".join(facts)
