"""pgconcord with one worker, in the configurations that are compared, and what it counted."""

import collections
import pathlib
import re
import urllib.request

from harness.process import Child, StartFailed

BINARY = pathlib.Path(__file__).resolve().parents[2] / "build/release/pgconcord"

# As many event loops as the peers have; quiet as they are; ends at once when told to.
CONFIGURATION = """
version: 1
mode: {mode}
listen: [{{address: "127.0.0.1:0"}}]
upstream: {{address: ["127.0.0.1:{server_port}"]}}
admin: {{address: "127.0.0.1:0"}}
workers: 1
shutdown: {{drain: 1s}}
log: {{level: warn}}
"""

POLICY = """
policies:
  - name: bench-key
    table: public.bench
    constraint: bench_pkey
    statement: insert
    action: do_nothing
    apply: {apply}
"""

CONFIGURATIONS = {
    "pgconcord": CONFIGURATION.replace("{mode}", "observe"),
    "pgconcord_observe": (CONFIGURATION + POLICY).replace("{mode}", "observe").replace("{apply}", "auto"),
    "pgconcord_enforce": (CONFIGURATION + POLICY).replace("{mode}", "enforce").replace("{apply}", "auto"),
    "pgconcord_up_front": (CONFIGURATION + POLICY).replace("{mode}", "enforce").replace("{apply}", "up_front"),
}

ABSORBING = ("pgconcord_enforce", "pgconcord_up_front")  # whose clients see no duplicate key

COUNTERS = ("rewrites_total", "conflicts_absorbed_total", "constraint_violations_total", "left_alone_total")


def start(name, place):
    """The process, its port, and the address of its HTTP interface."""
    if not place.binary.exists():
        raise StartFailed(
            "pgconcord is not built: cmake --preset release && cmake --build --preset release; or --binary FILE"
        )
    file, ports = place.folder / "pgconcord.yaml", place.folder / "ports"
    file.write_text(CONFIGURATIONS[name].format(server_port=place.server_port))
    command = [*place.prefix, place.binary, "run", "--config", file, "--port-file", ports]
    child = Child(name, command, place.folder)
    try:
        child.wait_until(lambda: ports.exists() and re.search(r"^admin .*\n", ports.read_text(), re.M), place.patience)
    except BaseException:
        child.stop()
        raise
    addresses = dict(line.split(" ", 1) for line in ports.read_text().splitlines())
    return child, int(addresses["listen"].rsplit(":", 1)[1]), addresses["admin"]


def counted(admin):
    """Sums of the counters that tell what the policy did, by reason or result; nothing for an empty address."""
    if not admin:
        return collections.Counter()
    with urllib.request.urlopen(f"http://{admin}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    sums = collections.Counter()
    for name, labels, value in re.findall(r"^pgconcord_(\w+)\{(.*)\} ([0-9.e+]+)$", text, re.M):
        if name not in COUNTERS:
            continue
        kind = re.search(r'(?:reason|result|apply)="(\w*)"', labels)
        key = f"{name}{{{kind[1]}}}" if kind else name
        sums[key] += int(float(value))
    return sums
