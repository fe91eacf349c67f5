"""A PostgreSQL session over a bare socket, protocol 3.0, trust authentication: as little client as possible."""

import socket
import struct

READY = b"Z\x00\x00\x00\x05I"  # ReadyForQuery outside a transaction block: the end of every reply asked for here
USER = DATABASE = "postgres"


class ServerError(Exception):
    """What the server answered instead, in its own words."""


def message(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def query(sql):
    return message(b"Q", sql.encode() + b"\0")


def error_text(reply):
    """The text of the first ErrorResponse of a reply, None without one. Walks whole messages only."""
    at = 0
    while at + 5 <= len(reply):
        length = struct.unpack_from("!I", reply, at + 1)[0]
        if reply[at : at + 1] == b"E":
            fields = reply[at + 5 : at + 1 + length].split(b"\0")
            return next((field[1:].decode(errors="replace") for field in fields if field[:1] == b"M"), "no message")
        at += 1 + length
    return None


class Session:
    def __init__(self, port, timeout=60):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        words = b"user\0%b\0database\0%b\0\0" % (USER.encode(), DATABASE.encode())
        self.socket.sendall(struct.pack("!II", len(words) + 8, 3 << 16) + words)
        self.reply()

    def reply(self, until=READY):
        """All bytes up to ReadyForQuery; ServerError when an ErrorResponse is among them."""
        received = b""
        while not received.endswith(until):
            part = self.socket.recv(65536)
            received += part
            if not part:
                raise ServerError(error_text(received) or "the connection was closed")
        error = error_text(received)
        if error:
            raise ServerError(error)
        return received

    def run(self, sql):
        self.socket.sendall(query(sql))
        return self.reply()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
