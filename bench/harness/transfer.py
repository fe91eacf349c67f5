"""Bulk transfer over one session, with as little client as possible: a large result, and COPY FROM STDIN."""

import time

from harness.outcome import Outcome
from harness.wire import READY, ServerError, Session, error_text, message, query

MEGABYTE = 1_000_000
ROWS = "SELECT i, 'a row of text ' || i, repeat('x', 80) FROM generate_series(1, {rows}) AS i"
ROW_BYTES = 130  # about, on the wire
COPY_READY = b"G\x00\x00\x00\x0b\x00\x00\x02\x00\x00\x00\x00"  # CopyInResponse: text, two columns
COPY_CHUNK = 8192  # what psql puts into one CopyData


def result(port, megabytes):
    """Reads a result of about this size; the unit is the megabyte (10^6 bytes) actually received."""
    buffer, received, tail = memoryview(bytearray(1 << 20)), 0, b""
    with Session(port) as session:
        started = time.monotonic()
        session.socket.sendall(query(ROWS.format(rows=megabytes * MEGABYTE // ROW_BYTES)))
        while tail != READY:
            count = session.socket.recv_into(buffer)
            if count == 0:
                raise ServerError("the connection was closed in the middle of a result")
            if received == 0 and buffer[:1] == b"E":
                raise ServerError(error_text(bytes(buffer[:count])))
            received += count
            tail = (tail + bytes(buffer[max(0, count - len(READY)) : count]))[-len(READY) :]
        return Outcome(received / MEGABYTE, time.monotonic() - started)


def copy_data():
    """About a megabyte of whole lines in CopyData messages that are cut where they are full, as psql does it."""
    lines = b"".join(b"%d\ta line of text to copy, number %d\n" % (number, number) for number in range(22000))
    chunks = [lines[at : at + COPY_CHUNK] for at in range(0, len(lines), COPY_CHUNK)]
    return b"".join(message(b"d", chunk) for chunk in chunks)


def copy_in(port, megabytes):
    """COPY into a table without a policy; the unit is the megabyte of messages sent."""
    data = copy_data()
    repeats = max(1, round(megabytes * MEGABYTE / len(data)))
    with Session(port) as session:
        started = time.monotonic()
        session.socket.sendall(query("COPY copied FROM STDIN"))
        session.reply(until=COPY_READY)
        for _ in range(repeats):
            session.socket.sendall(data)
        session.socket.sendall(message(b"c", b""))
        session.reply()
        return Outcome(repeats * len(data) / MEGABYTE, time.monotonic() - started)
