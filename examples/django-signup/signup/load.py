"""What goes wrong in real applications, done on purpose: races between workers and an import that is replayed. Nothing
here knows about a proxy. Every place counts what it tried and which IntegrityErrors it got."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from django.db import IntegrityError, connection

from signup.models import Membership, Product, Team, User


class Place:
    """One place in the code that writes: attempts, errors per constraint, and what the database gave back."""

    def __init__(self):
        self.lock = threading.Lock()
        self.attempts = 0
        self.errors = Counter()
        self.given = []  # [key, id] of every object the application believes to be stored

    def write(self, key, create):
        with self.lock:
            self.attempts += 1
        try:
            stored = create()
        except IntegrityError as error:
            with self.lock:
                self.errors[error.__cause__.diag.constraint_name] += 1
            return
        with self.lock:
            self.given.append([key, stored.pk])

    def report(self):
        return {"attempts": self.attempts, "errors": dict(self.errors), "given": self.given}


def race(workers, items, work):
    """Every worker does `work(item, number)` for every item, all of them at the same moment."""
    start = threading.Barrier(workers)

    def worker(number):
        try:
            for item in items:
                start.wait(30)
                work(item, number)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(worker, range(workers)))


def sign_up(batch, workers, users):
    """Check, then create: the check of one request cannot see the insert of the other."""
    place = Place()

    def work(email, number):
        if not User.objects.filter(email=email).exists():
            place.write(email, lambda: User.objects.create(email=email, name=f"request {number}"))

    race(workers, [f"{batch}-{n}@example.org" for n in range(users)], work)
    return place


def join_team(batch, workers, users):
    """The same click twice: unique (team, user)."""
    place = Place()
    team = Team.objects.create(name=batch)
    members = [User.objects.create(email=f"{batch}-member-{n}@example.org", name="member") for n in range(users)]

    def work(user, number):
        place.write(user.email, lambda: Membership.objects.create(team=team, user=user, role=f"role {number}"))

    race(workers, members, work)
    return place


def rows_of_import(prefix, count, price):
    return [Product(sku=f"{prefix}-{n}", name=f"product {n}", price=Decimal(price)) for n in range(count)]


def import_row_by_row(batch, products):
    """The file of yesterday, and today's: the same products with new prices, and some new ones."""
    place = Place()
    for price, count in (("10.00", products), ("12.50", products + products // 4)):
        for product in rows_of_import(f"{batch}-row", count, price):
            place.write(product.sku, lambda product=product: product.save(force_insert=True) or product)
    return place


def import_in_bulk(batch, products):
    """The same with bulk_create: one known product refuses the whole batch, and the new ones are lost with it."""
    place = Place()
    for price, count in (("10.00", products), ("12.50", products + products // 4)):
        rows = rows_of_import(f"{batch}-bulk", count, price)
        place.write(f"{batch}-bulk-0", lambda rows=rows: Product.objects.bulk_create(rows)[0])
    return place


def run(batch, workers, users, products):
    places = {
        "sign-up race": sign_up(batch, workers, users),
        "double click on join": join_team(batch, workers, users),
        "import, row by row": import_row_by_row(batch, products),
        "import, bulk_create": import_in_bulk(batch, products),
    }
    return {name: place.report() for name, place in places.items()}
