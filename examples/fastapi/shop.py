"""A small shop: two requests for the same new product race, and nobody catches the error."""

import os

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

# The line that changes: DATABASE_URL names pgconcord's host and port instead of the server's.
engine = create_engine(os.environ["DATABASE_URL"].replace("postgres://", "postgresql+psycopg://"))
app = FastAPI()


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    stock: Mapped[int] = mapped_column(default=0)


class NewProduct(BaseModel):
    sku: str
    name: str


@app.post("/products", status_code=201)
def create_product(new: NewProduct):
    with Session(engine) as session:
        product = Product(sku=new.sku, name=new.name)
        session.add(product)
        session.commit()  # without pgconcord: IntegrityError, and the client gets 500
        return {"id": product.id, "sku": product.sku, "name": product.name}
