import json
import os

from django.core.management.base import BaseCommand
from django.db import connection

from signup import operations


class Command(BaseCommand):
    help = "Shows what each call of Django's ORM gets for a key that is taken, as a line of JSON each."

    def handle(self, **_):
        rival = connection.copy()

        def store(sku):
            with rival.cursor() as cursor:
                cursor.execute(operations.INSERT, [sku, "stored", 1])

        for result in operations.results(store):
            self.stdout.write(json.dumps(result))
            self.stdout.flush()
            if os.environ.get("STEP"):
                input()
        rival.close()
