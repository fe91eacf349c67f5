"""What Django sees of a key that is taken, call by call. The table is examples/products.sql, as if it had been there before."""

from django.db import Error, connection, models, transaction


class Item(models.Model):
    sku = models.TextField(unique=True)
    name = models.TextField()
    stock = models.IntegerField(default=0)

    class Meta:
        managed = False
        db_table = "products"
        app_label = "signup"


INSERT = "INSERT INTO products (sku, name, stock) VALUES (%s, %s, %s)"


def told(*items):
    return [{"sku": each.sku, "id": each.pk, "name": each.name} for each in items]


def create(sku, rival):
    rival()
    return {"objects": told(Item.objects.create(sku=sku, name="sent", stock=2))}


def create_in_atomic(sku, rival):
    rival()
    with transaction.atomic():
        return {"objects": told(Item.objects.create(sku=sku, name="sent", stock=2))}


def save(sku, rival):
    rival()
    item = Item(sku=sku, name="sent", stock=2)
    item.save()
    return {"objects": told(item)}


def name_after(rival):
    """Django evaluates callables of `defaults` between its look-up and its INSERT."""

    def name():
        rival()
        return "sent"

    return name


def get_or_create(sku, rival):
    item, created = Item.objects.get_or_create(sku=sku, defaults={"name": name_after(rival), "stock": 2})
    return {"objects": told(item), "created": created}


def update_or_create(sku, rival):
    item, created = Item.objects.update_or_create(
        sku=sku, create_defaults={"name": name_after(rival)}, defaults={"stock": 2}
    )
    return {"objects": told(item), "created": created}


def bulk_create(sku, rival):
    rival()
    return {"objects": told(*Item.objects.bulk_create([Item(sku=key, name="sent") for key in (f"{sku}-new", sku)]))}


def ignore_conflicts(sku, rival):
    rival()
    Item.objects.bulk_create([Item(sku=sku, name="sent")], ignore_conflicts=True)
    return {}


def update_conflicts(sku, rival):
    rival()
    Item.objects.bulk_create(
        [Item(sku=sku, name="sent")], update_conflicts=True, unique_fields=["sku"], update_fields=["name"]
    )
    return {}


def raw(sku, rival):
    rival()
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [sku, "sent", 2])
        return {"count": cursor.rowcount}


OPERATIONS = [
    ("create", "create()", create),
    ("create", "create() in atomic()", create_in_atomic),
    ("save", "save()", save),
    ("get-or-create", "get_or_create()", get_or_create),
    ("update-or-create", "update_or_create()", update_or_create),
    ("bulk create", "bulk_create()", bulk_create),
    ("upsert API", "bulk_create(ignore_conflicts=True)", ignore_conflicts),
    ("upsert API", "bulk_create(update_conflicts=True)", update_conflicts),
    ("raw SQL", "cursor.execute()", raw),
]


def results(rival):
    """`rival(sku)` stores the row in another session."""
    for number, (operation, call, function) in enumerate(OPERATIONS):
        sku = f"sku-{number}"
        try:
            result = function(sku, lambda sku=sku: rival(sku))
        except Error as error:
            result = {"error": type(error).__name__, "sqlstate": getattr(error.__cause__, "sqlstate", None)}
        yield {"operation": operation, "call": call, "sku": sku, **result}
