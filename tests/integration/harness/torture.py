"""Random sequences of frontend messages, legal and nearly so, and the means to run them against a server and to compare
what it answers. Everything follows from the seed: the same seed is the same sequence and the same cuts.

Left out, because the answer differs or depends on time even without a proxy: messages whose header alone is wrong
(tests/wire has those), and a Sync between the data of a COPY and its end where a row may fail (protocol.md 4.31)."""

import random
import select
import socket
from typing import NamedTuple

from harness import messages, torture_sql
from harness.masking import masked
from harness.wire_client import Message, WireClient

GOOD_ROWS = (b"50\tv\t0\n", b"51\tv\t0\n52\tv\t0\n", b"53\t\\N\t0\n", b"\\.\n", b"")
# Fail at the end of the COPY, or at their row.
LATE_ROWS = (b"1\tv\t0\n", b"60\tv\t0\n60\tv\t0\n")
BAD_ROWS = (b"x\ty\tz\n", b"61\n", b"62\tv\t-1\n", b"half a")
END = "the end of the torture"


class Item(NamedTuple):
    name: str
    data: bytes
    pause: bool = False  # wait until the server has nothing more to say


class Sequence:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.items = []
        self.parameters = {}  # of the statements that were parsed: how many each takes
        length = self.random.choice((5, 10, 20, 40, 80))
        while len(self.items) < length:
            self.add_some()

    def add(self, name, data):
        self.items.append(Item(name, data, self.random.random() < 0.08))

    def add_some(self):
        (step,) = self.random.choices(
            (self.query, self.extended, self.batch, self.copy_simple, self.copy_extended, self.function_call,
             self.stray, self.pipeline, self.ending),
            (8, 6, 10, 2, 3, 0.7, 0.7, 4, 0.1),
        )  # fmt: skip
        step()

    def sql(self):
        pick = self.random.random()
        if pick < 0.72:
            return torture_sql.statement(self.random)
        if pick < 0.9:
            return torture_sql.several(self.random)
        return self.random.choice(torture_sql.COPIES_OTHER)

    def query(self):
        text = self.sql()
        self.add(f"Query {text!r}", messages.query(text))

    def name(self, names):
        return self.random.choice(names) if self.random.random() < 0.4 else ""

    def parse(self, text=None, name=None):
        text = text if text is not None else torture_sql.statement(self.random)
        pick = self.random.random()
        if pick < 0.03:
            text = torture_sql.several(self.random)
        elif pick < 0.08:
            text = self.random.choice(torture_sql.COPIES_IN + torture_sql.COPIES_OTHER)
        name = name if name is not None else self.name(torture_sql.STATEMENTS)
        types = self.random.choice(((), (), (), (), (), (), (23,), (23, 25), (0,)))
        self.parameters[name[:63]] = max(len(types), ("$1" in text) + ("$2" in text))
        self.add(f"Parse {name!r} {text!r} {types}", messages.parse(text, name, types))

    def bind(self, count=None, name=None, portal=None):
        name = name if name is not None else self.name(torture_sql.STATEMENTS)
        portal = portal if portal is not None else self.name(torture_sql.PORTALS)
        count = count if count is not None else self.parameters.get(name[:63], 0)
        if self.random.random() < 0.04:
            count = self.random.choice((0, 1, 2))
        values = [self.random.choice((b"1", b"2", b"4", b"70", b"71", b"0"))] * count
        if count and self.random.random() < 0.1:
            values[-1] = self.random.choice((None, b"x", b"\0\0\0\1"))
        formats = self.random.choice(((), (), (), (), (), (0,), (1,), (0, 1)))
        result = self.random.choice(((), (), (), (), (), (), (1,), (0,), (0, 1), (7,)))
        data = messages.bind(values, portal, name, result, formats if count else ())
        self.add(f"Bind {portal!r} {name!r} {values} {formats} {result}", data)

    def describe(self):
        make, names = self.random.choice(
            ((messages.describe_statement, torture_sql.STATEMENTS), (messages.describe_portal, torture_sql.PORTALS))
        )
        name = self.name(names)
        self.add(f"{make.__name__} {name!r}", make(name))

    def execute(self, portal=None):
        portal = portal if portal is not None else self.name(torture_sql.PORTALS)
        rows = self.random.choice((0, 0, 0, 0, 1, 2, 100))
        self.add(f"Execute {portal!r} {rows}", messages.execute(portal, rows))

    def close(self):
        make, names = self.random.choice(
            ((messages.close_statement, torture_sql.STATEMENTS), (messages.close_portal, torture_sql.PORTALS))
        )
        name = self.name(names)
        self.add(f"{make.__name__} {name!r}", make(name))

    def sync(self):
        self.add("Sync", messages.SYNC)

    def flush(self):
        self.add("Flush", messages.FLUSH)

    def extended(self):
        """One message of the extended protocol, in no order."""
        (step,) = self.random.choices(
            (self.parse, self.bind, self.describe, self.execute, self.close, self.sync, self.flush),
            (3, 3, 2, 4, 1, 4, 1),
        )
        step()

    def well_formed(self):
        name = self.name(torture_sql.STATEMENTS)
        portal = self.name(torture_sql.PORTALS)
        text, count = self.random.choice(torture_sql.PARAMETERISED)
        if self.random.random() < 0.5:
            text, count = torture_sql.statement(self.random), 0
        if name and self.random.random() < 0.7:
            self.add(f"close_statement {name!r}", messages.close_statement(name))
        self.parse(text, name)
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            if portal and self.random.random() < 0.5:
                self.add(f"close_portal {portal!r}", messages.close_portal(portal))
            if self.random.random() < 0.3:
                self.add(f"describe_statement {name!r}", messages.describe_statement(name))
            self.bind(None if self.random.random() < 0.98 else count, name, portal)
            if self.random.random() < 0.5:
                self.add(f"describe_portal {portal!r}", messages.describe_portal(portal))
            for _ in range(self.random.choice((1, 1, 1, 2))):
                self.execute(portal)
            if self.random.random() < 0.2:
                self.flush()

    def batch(self):
        self.well_formed()
        if self.random.random() < 0.9:
            self.sync()

    def pipeline(self):
        for _ in range(self.random.randint(2, 6)):
            self.well_formed()
            if self.random.random() < 0.3:
                self.random.choice((self.sync, self.query))()
        self.sync()

    def copy_input(self):
        """The data of a COPY and their end. Without the end a Sync of what follows could stand behind a row that fails."""
        rows = [self.random.choice(GOOD_ROWS[:3]) for _ in range(self.random.randint(0, 3))]
        (last,) = self.random.choices(((), GOOD_ROWS, LATE_ROWS, BAD_ROWS), (5, 1, 2, 2))
        if last:
            rows.append(self.random.choice(last))
        for row in rows:
            self.add(f"CopyData {row!r}", messages.copy_data(row))
            if self.random.random() < 0.1:
                self.flush()
        if self.random.random() < 0.8:
            self.add("CopyDone", messages.COPY_DONE)
        else:
            self.add("CopyFail", messages.copy_fail("given up"))

    def copy_simple(self):
        texts = [self.random.choice(torture_sql.COPIES_IN) for _ in range(self.random.choice((1, 1, 2)))]
        if self.random.random() < 0.4:
            texts.insert(self.random.randint(0, len(texts)), self.sql())
        self.add(f"Query {'; '.join(texts)!r}", messages.query("; ".join(texts)))
        for _ in range(len(texts)):
            self.copy_input()
            if self.random.random() < 0.2:
                self.sync()

    def copy_extended(self):
        name = self.name(torture_sql.STATEMENTS)
        if self.random.random() < 0.2:
            self.well_formed()
        text = self.random.choice(torture_sql.COPIES_IN + torture_sql.COPIES_OTHER)
        if name:
            self.add(f"close_statement {name!r}", messages.close_statement(name))
        self.parse(text, name)
        self.bind(0, name, "")
        self.execute("")
        early = self.random.choice((None, None, self.sync, self.flush))
        if early:
            early()
        self.copy_input()
        self.sync()

    def function_call(self):
        oid, arguments = self.random.choice(
            ((177, [b"\0\0\0\1", b"\0\0\0\2"]), (154, [b"\0\0\0\1", b"\0\0\0\0"]), (177, [b"\0"]), (4294967, []))
        )
        self.add(f"FunctionCall {oid}", messages.function_call(oid, arguments))

    def stray(self):
        self.add(*self.random.choice(
            (("CopyData", messages.copy_data(b"stray")), ("CopyDone", messages.COPY_DONE),
             ("CopyFail", messages.copy_fail("stray")), ("Bind, too short", messages.message("B", b"\0")),
             ("Parse, too short", messages.message("P", b"s1\0SELECT")), ("Execute, too short", messages.message("E", b"\0")),
             ("Query with a zero inside", messages.message("Q", b"SELECT 1\0, 2\0")),
             ("Query without its zero", messages.message("Q", b"SELECT 1")),
             ("Describe of nothing", messages.message("D", b"Xname\0")), ("Close of nothing", messages.message("C", b"Xname\0")),
             ("Query, not UTF-8", messages.query(b"SELECT '\xff\xfe'")), ("Sync with a body", messages.message("S", b"x")))
        ))  # fmt: skip

    def ending(self):
        """What ends a session, in the middle of it."""
        self.add(*self.random.choice(
            (("Terminate", messages.TERMINATE), ("Query terminate", messages.query("SELECT pg_terminate_backend(pg_backend_pid())")),
             ("PasswordMessage", messages.password("late")))
        ))  # fmt: skip

    def pieces(self, seed):
        """(bytes, wait for silence) to be sent one after the other: the items in a random cut."""
        cuts = random.Random(seed)
        how = cuts.choice(("messages", "whole", "cut", "cut", "bytes"))
        pending = b""
        for item in self.items:
            pending += item.data
            while how == "cut" and pending and cuts.random() < 0.5:
                size = cuts.randint(1, len(pending))
                yield pending[:size], False
                pending = pending[size:]
            if how == "bytes" and len(pending) < 400:
                yield from ((pending[at : at + 1], False) for at in range(len(pending)))
                pending = b""
            if how == "messages" or item.pause:
                yield pending, item.pause
                pending = b""
        yield pending, False

    def text(self):
        return "\n".join(("  (silence) after " if item.pause else "  ") + item.name for item in self.items)


# Ends whatever is open, then says a word to wait for.
def farewell():
    ends = messages.copy_fail("over") + messages.SYNC + messages.query("ROLLBACK")
    return ends + messages.query(f"SELECT '{END}'") + messages.TERMINATE


class Exchange:
    """Sends while it reads, so that neither side can wait for the other; returns every message until the end."""

    def __init__(self, client, deadline):
        self.client = client
        self.deadline = deadline
        self.received = b""
        self.open = True

    def pump(self, seconds):
        """True when something came within that time."""
        readable, _, _ = select.select([self.client.socket], [], [], seconds)
        if not readable:
            return False
        try:
            data = self.client.socket.recv(1 << 16)
        except ConnectionError:
            data = b""
        self.open = self.open and bool(data)
        self.received += data
        return bool(data)

    def send(self, data):
        while data and self.open:
            readable, writable, _ = select.select([self.client.socket], [self.client.socket], [], self.deadline)
            assert readable or writable, "neither side moves"
            if readable:
                self.pump(0)
            elif writable:
                try:
                    data = data[self.client.socket.send(data) :]
                except ConnectionError:
                    return

    def run(self, pieces, silence):
        for data, pause in pieces:
            self.send(data)
            while pause and self.open and self.pump(silence):
                pass
        self.send(farewell())
        while self.open:
            assert self.pump(self.deadline) or not self.open, f"nothing came any more behind {self.messages()[-3:]}"
        return self.messages()

    def messages(self):
        result, at = [], 0
        data = self.client.buffer + self.received
        while at + 5 <= len(data):
            size = int.from_bytes(data[at + 1 : at + 5], "big") + 1
            result.append(Message(chr(data[at]), data[at + 5 : at + size]))
            at += size
        return result


def run(port, database, pieces, silence=0.02, deadline=20.0):
    """Every message the server sends for these pieces, made comparable."""
    with WireClient(("127.0.0.1", port), timeout=deadline) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.log_in(user="postgres", database=database)
        return masked(Exchange(client, deadline).run(pieces, silence))
