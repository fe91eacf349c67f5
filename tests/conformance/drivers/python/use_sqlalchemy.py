"""SQLAlchemy 2 with each of its PostgreSQL drivers: core and ORM; prints what it saw, step by step."""

import asyncio
import os

from shared import FAILING, show, step
from sqlalchemy import ForeignKey, String, create_engine, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    books: Mapped[list["Book"]] = relationship(back_populates="author", cascade="all, delete-orphan")


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")


def url(driver):
    where = (os.environ[name] for name in ("PGUSER", "PGHOST", "PGPORT", "PGDATABASE"))
    return "postgresql+{}://{}@{}:{}/{}".format(driver, *where)


def failed(error):
    cause = error.orig
    diag = getattr(cause, "diag", None)
    asyncpg = getattr(cause, "__cause__", None)
    show(type(error).__name__, getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None),
         diag.constraint_name if diag else getattr(asyncpg, "constraint_name", None))  # fmt: skip


def orm(session):
    session.add_all(
        Author(name=f"author {n}", books=[Book(title=f"book {n}.{m}") for m in range(3)]) for n in range(50)
    )
    session.commit()
    show(session.scalar(select(func.count()).select_from(Book)))
    session.add(Author(name="author 1"))
    try:
        session.commit()
    except DBAPIError as error:
        failed(error)
        session.rollback()
    try:
        with session.begin_nested():
            session.add(Author(name="author 2"))
    except DBAPIError as error:
        failed(error)
    session.add(Author(name="behind the savepoint"))
    session.commit()
    author = session.scalars(select(Author).where(Author.name == "author 3")).one()
    author.name, author.books = "renamed", author.books[:1]
    session.commit()
    show(
        session.execute(
            select(Author.name, func.count(Book.id)).join(Book).group_by(Author.name).order_by(Author.name)
        ).all()[-3:]
    )
    returned = session.execute(
        insert(Author).returning(Author.name, sort_by_parameter_order=True),
        [{"name": f"many {n}"} for n in range(1500)],
    )
    show(len(returned.all()))
    session.commit()
    show(session.scalar(select(func.count()).select_from(Author)))


def core(connection):
    for sql in FAILING:
        try:
            with connection.begin_nested():
                connection.execute(text(sql))
        except DBAPIError as error:
            failed(error)
    rows = connection.execution_options(stream_results=True, max_row_buffer=20).execute(
        text("SELECT id FROM item ORDER BY id")
    )
    show(sum(1 for _ in rows))
    show(connection.execute(text("SELECT :a + 1 AS n, :b AS t"), {"a": 41, "b": "it's"}).mappings().all())


for driver in ("psycopg2", "psycopg"):
    step(driver)
    engine = create_engine(url(driver))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        orm(session)
    with engine.connect() as connection:
        core(connection)
    with engine.connect().execution_options(isolation_level="SERIALIZABLE") as connection:
        show(connection.execute(text("SHOW transaction_isolation")).scalar())
    Base.metadata.drop_all(engine)
    engine.dispose()


async def asynchronous(driver):
    engine = create_async_engine(url(driver))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        await session.run_sync(orm)
    async with engine.connect() as connection:
        await connection.run_sync(core)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()


for driver in ("psycopg_async", "asyncpg"):
    step(f"{driver}, asynchronous")
    asyncio.run(asynchronous(driver))
