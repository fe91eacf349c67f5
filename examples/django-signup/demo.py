"""The story that scripts/demo tells: the same load on the same application, first with pgconcord observing, then enforcing.
Every figure printed is read from the application's report, from /metrics, or from the tables; nothing is assumed, and
the exit status is 0 only if the figures agree."""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys

from harness.postgres_server import BINARIES, PostgresServer
from harness.proxy_process import ProxyProcess

HERE = pathlib.Path(__file__).resolve().parent
DATABASE = "signup"
TABLE_OF = {
    "sign-up race": ("signup_user", "signup_user_email_key"),
    "double click on join": ("signup_membership", "one_membership_per_team"),
    "import, row by row": ("signup_product", "signup_product_sku_key"),
    "import, bulk_create": ("signup_product", "signup_product_sku_key"),
}


def say(text=""):
    print(text, flush=True)


class Application:
    """The Django project, run as a user would run it, through the proxy."""

    def __init__(self, proxy, database=DATABASE, environment=None):
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(proxy.port),
            "PGDATABASE": database,
            "PGUSER": "app",
            **(environment or {}),
        }

    def manage(self, *arguments):
        command = [sys.executable, "manage.py", *arguments]
        result = subprocess.run(command, cwd=HERE, env=self.environment, capture_output=True, text=True)
        if result.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{result.stderr[-3000:]}")
        return result.stdout

    def load(self, batch, *arguments):
        return json.loads(self.manage("load", "--batch", batch, *arguments))


class Outcome:
    """One load: what the application saw, what pgconcord counted meanwhile, and what is in the tables afterwards."""

    def __init__(self, report, before, after, direct, batch):
        self.report, self.before, self.after = report, before, after
        self.lost = rows_lost(report, direct, batch)

    def errors(self, place=None):
        places = [place] if place else self.report
        return sum(sum(self.report[name]["errors"].values()) for name in places)

    def errors_by_constraint(self):
        result = {}
        for place in self.report.values():
            for constraint, number in place["errors"].items():
                result[constraint] = result.get(constraint, 0) + number
        return result

    def counted(self, metric, constraint):
        return self.counted_by_constraint(metric).get(constraint, 0)

    def counted_by_constraint(self, metric):
        after, before = (m.nonzero(metric, "constraint") for m in (self.after, self.before))
        return {name: int(after[name] - before.get(name, 0)) for name in after if after[name] != before.get(name, 0)}


def rows_lost(report, direct, batch):
    """Rows that the application was to store and that are not there: by place, from the tables."""
    found = {
        "sign-up race": ("SELECT count(*) FROM signup_user WHERE email LIKE %s", f"{batch}-%@example.org"),
        "import, bulk_create": ("SELECT count(*) FROM signup_product WHERE sku LIKE %s", f"{batch}-bulk-%"),
        "import, row by row": ("SELECT count(*) FROM signup_product WHERE sku LIKE %s", f"{batch}-row-%"),
    }
    count = {place: direct.execute(query, [pattern]).fetchone()[0] for place, (query, pattern) in found.items()}
    # Both imports were given the same products, so each should have stored as many.
    return {"import, bulk_create": count["import, row by row"] - count["import, bulk_create"]}


def wrong_ids(report, direct):
    """Objects the application was given whose id is not the id of the row with that key."""
    key_queries = {
        "sign-up race": "SELECT id FROM signup_user WHERE email = %s",
        "double click on join": "SELECT m.id FROM signup_membership m JOIN signup_user u ON u.id = m.user_id WHERE u.email = %s",
        "import, row by row": "SELECT id FROM signup_product WHERE sku = %s",
        "import, bulk_create": "SELECT id FROM signup_product WHERE sku = %s",
    }
    return [
        (place, key, given)
        for place, query in key_queries.items()
        for key, given in report[place]["given"]
        if direct.execute(query, [key]).fetchall() != [(given,)]
    ]


def run_load(application, proxy, direct, batch, *arguments):
    before = proxy.metrics()
    report = application.load(batch, *arguments)
    return Outcome(report, before, proxy.metrics(), direct, batch)


def show_side_by_side(outcome, metric, title):
    say(f"  {'place in the application':<24}{'writes':>8}{'errors':>8}   {'constraint':<26}{title}")
    shown = set()
    for place, (_, constraint) in TABLE_OF.items():
        report = outcome.report[place]
        counted = "" if constraint in shown else str(outcome.counted(metric, constraint))
        shown.add(constraint)
        say(
            f"  {place:<24}{report['attempts']:>8}{outcome.errors(place):>8}   {constraint:<26}{counted or '(same constraint)'}"
        )


def check(facts):
    """Prints what does not hold; true if everything does."""
    wrong = [text for text, holds in facts if not holds]
    for text in wrong:
        say(f"  NOT TRUE: {text}")
    return not wrong


def facts_of(before, after, ids):
    observed = before.counted_by_constraint("constraint_violations_total")
    return [
        ("observe: the application got errors", before.errors() > 0),
        (
            "observe: pgconcord counted exactly the errors the application got",
            observed == before.errors_by_constraint(),
        ),
        ("enforce: the application got no error", after.errors() == 0),
        (
            "enforce: no violation reached the application",
            not after.counted_by_constraint("constraint_violations_total"),
        ),
        ("enforce: conflicts were absorbed", sum(after.counted_by_constraint("conflicts_absorbed_total").values()) > 0),
        ("enforce: no row was lost", not any(after.lost.values())),
        ("enforce: every object has the id of its row", not ids),
    ]


def summary(before, after):
    def absorbed(outcome):
        return sum(outcome.counted_by_constraint("conflicts_absorbed_total").values())

    rows = [
        ("writes", *(sum(p["attempts"] for p in o.report.values()) for o in (before, after))),
        ("IntegrityErrors", before.errors(), after.errors()),
        (
            "violations counted",
            *(sum(o.counted_by_constraint("constraint_violations_total").values()) for o in (before, after)),
        ),
        ("conflicts absorbed", absorbed(before), absorbed(after)),
        (
            "statements rewritten",
            *(
                int(
                    o.after.total("rewrites_total", result="rewritten")
                    - o.before.total("rewrites_total", result="rewritten")
                )
                for o in (before, after)
            ),
        ),
        ("rows lost by bulk_create", *(o.lost["import, bulk_create"] for o in (before, after))),
    ]
    say(f"\n  {'':<26}{'observe':>10}{'enforce':>10}")
    for name, first, second in rows:
        say(f"  {name:<26}{first:>10}{second:>10}")


def addresses(proxy):
    return [
        f"{BINARIES}/psql -h 127.0.0.1 -p {proxy.port} -U app {DATABASE}",
        f"curl -s http://{proxy.admin}/metrics | grep pgconcord_conflicts_absorbed_total",
    ]


def tell(server, proxy, arguments):
    application = Application(proxy)
    with server.connect(DATABASE) as direct:
        application.manage("migrate", "--verbosity", "0")
        size = [
            "--workers",
            str(arguments.workers),
            "--users",
            str(arguments.users),
            "--products",
            str(arguments.products),
        ]
        say(
            f"\n1. observe: {arguments.workers} workers race, an import is replayed; pgconcord changes nothing and counts\n"
        )
        before = run_load(application, proxy, direct, "monday", *size)
        show_side_by_side(before, "constraint_violations_total", "violations counted")

        say("\n2. enforce: `mode: enforce` in the file, live reload (SIGHUP), the same load on fresh keys\n")
        proxy.rewrite_config(proxy.config_path.read_text().replace("\nmode: observe", "\nmode: enforce"))
        after = run_load(application, proxy, direct, "tuesday", *size)
        show_side_by_side(after, "conflicts_absorbed_total", "conflicts absorbed")

        summary(before, after)
        return check(facts_of(before, after, wrong_ids(after.report, direct)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    stay = parser.add_mutually_exclusive_group()
    stay.add_argument("--once", action="store_true", help="exit when told; the status says whether the facts hold")
    stay.add_argument(
        "--keep", action="store_true", help="leave everything running until Ctrl-C (default on a terminal)"
    )
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--users", type=int, default=25)
    parser.add_argument("--products", type=int, default=40)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    with contextlib.ExitStack() as stack:
        say("starting a throw-away PostgreSQL and pgconcord")
        server = PostgresServer()
        stack.callback(server.stop)
        server.start().fresh_database(DATABASE)
        listen = [
            "--listen",
            "127.0.0.1:0",
            "--upstream",
            f"postgres://127.0.0.1:{server.port}",
            "--admin",
            "127.0.0.1:0",
        ]
        proxy = ProxyProcess((HERE / "pgconcord.yaml").read_text(), listen)
        stack.callback(proxy.discard)
        proxy.start()

        holds = tell(server, proxy, arguments)
        if arguments.once or not (arguments.keep or sys.stdout.isatty()):
            say("\nTo look around yourself: scripts/demo --keep")
        else:
            say("\nTry it (Ctrl-C ends everything):\n")
            for line in addresses(proxy):
                say(f"  {line}")
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
        return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
