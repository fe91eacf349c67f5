import json

from django.core.management.base import BaseCommand

from signup import load


class Command(BaseCommand):
    help = "Races sign-ups and team joins, replays an import; writes what the application saw as JSON."

    def add_arguments(self, parser):
        parser.add_argument("--batch", default="load", help="prefix of all keys: another batch is fresh data")
        parser.add_argument("--workers", type=int, default=8)
        parser.add_argument("--users", type=int, default=25)
        parser.add_argument("--products", type=int, default=40)

    def handle(self, *, batch, workers, users, products, **_):
        self.stdout.write(json.dumps(load.run(batch, workers, users, products)))
