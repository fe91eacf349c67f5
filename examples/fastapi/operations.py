"""What SQLAlchemy sees of a key that is taken, call by call: one line of JSON each."""

import json
import os

from fastapi.testclient import TestClient
from shop import Product, app, engine
from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session


def rival(sku):
    """Another session stores the row first."""
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO products (sku, name, stock) VALUES (:sku, 'stored', 1)"), {"sku": sku})


def new(sku):
    return Product(sku=sku, name="sent", stock=2)


def told(*products):
    return [{"sku": each.sku, "id": each.id, "name": each.name} for each in products]


def add(sku):
    rival(sku)
    with Session(engine, expire_on_commit=False) as session:
        product = new(sku)
        session.add(product)
        session.commit()
        return {"objects": told(product)}


def request(sku):
    rival(sku)
    reply = TestClient(app, raise_server_exceptions=True).post("/products", json={"sku": sku, "name": "sent"})
    return {"objects": [reply.json()]}


def merge(sku):
    rival(sku)
    with Session(engine, expire_on_commit=False) as session:
        product = session.merge(new(sku))
        session.commit()
        return {"objects": told(product)}


def get_or_create(sku):
    """The recipe of SQLAlchemy's manual: look, insert behind a savepoint, look again."""
    with Session(engine, expire_on_commit=False) as session:
        found = session.scalar(select(Product).filter_by(sku=sku))
        created = False
        rival(sku)
        if found is None:
            try:
                with session.begin_nested():
                    found = new(sku)
                    session.add(found)
                created = True
            except IntegrityError:
                found = session.scalar(select(Product).filter_by(sku=sku))
        session.commit()
        return {"objects": told(found), "created": created}


def add_all(sku):
    rival(sku)
    with Session(engine, expire_on_commit=False) as session:
        products = [new(sku + "-new"), new(sku)]
        session.add_all(products)
        session.commit()
        return {"objects": told(*products)}


def core(sku):
    rival(sku)
    rows = [{"sku": key, "name": "sent", "stock": 2} for key in (sku + "-new", sku)]
    with engine.begin() as connection:
        return {"count": connection.execute(insert(Product.__table__).values(rows)).rowcount}


def on_conflict(sku):
    rival(sku)
    statement = postgresql_insert(Product.__table__).values(sku=sku, name="sent", stock=2)
    with engine.begin() as connection:
        return {"count": connection.execute(statement.on_conflict_do_nothing(index_elements=["sku"])).rowcount}


def raw(sku):
    rival(sku)
    statement = text("INSERT INTO products (sku, name, stock) VALUES (:sku, 'sent', 2)")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return {"count": connection.execute(statement, {"sku": sku}).rowcount}


OPERATIONS = [
    ("create", "session.add()", add),
    ("create", "POST /products (FastAPI)", request),
    ("save", "session.merge()", merge),
    ("get-or-create", "begin_nested() and a second look", get_or_create),
    ("bulk create", "session.add_all()", add_all),
    ("bulk create", "insert().values([...])", core),
    ("upsert API", "on_conflict_do_nothing()", on_conflict),
    ("raw SQL", "text('INSERT ...')", raw),
]

for number, (operation, call, function) in enumerate(OPERATIONS):
    try:
        result = function(f"sku-{number}")
    except SQLAlchemyError as error:
        result = {"error": type(error).__name__, "sqlstate": getattr(getattr(error, "orig", None), "sqlstate", None)}
    print(json.dumps({"operation": operation, "call": call, "sku": f"sku-{number}", **result}), flush=True)
    if os.environ.get("STEP"):
        input()
