"""A PostgreSQL client that sends exactly the bytes a test wants and shows every message that comes back."""

import socket
import struct
from typing import NamedTuple

from harness import messages


class Message(NamedTuple):
    kind: str
    body: bytes

    @property
    def fields(self):
        """Fields of an ErrorResponse or NoticeResponse by letter."""
        return {part[:1].decode(): part[1:].decode() for part in self.body.split(b"\0") if part}

    @property
    def tag(self):
        return self.body.rstrip(b"\0").decode()

    @property
    def columns(self):
        """Values of a DataRow."""
        count, offset, values = struct.unpack_from("!H", self.body)[0], 2, []
        for _ in range(count):
            (size,) = struct.unpack_from("!i", self.body, offset)
            offset += 4
            values.append(None if size < 0 else self.body[offset : offset + size])
            offset += max(size, 0)
        return values


class WireClient:
    def __init__(self, address, timeout=10.0):
        """`address` is (host, port) or the path of a unix socket."""
        family = socket.AF_UNIX if isinstance(address, str) else None
        if family:
            self.socket = socket.socket(family)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.pid, self.key = 0, b""
        self.parameters = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *parts):
        self.socket.sendall(b"".join(parts))
        return self

    def read_exactly(self, size):
        while len(self.buffer) < size:
            data = self.socket.recv(1 << 16)
            if not data:
                raise EOFError(f"closed with {len(self.buffer)} bytes of {size}")
            self.buffer += data
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def read_message(self):
        head = self.read_exactly(5)
        return Message(chr(head[0]), self.read_exactly(struct.unpack("!I", head[1:])[0] - 4))

    def read_until(self, *kinds):
        """Messages up to and including the first of one of these kinds."""
        received = []
        while not received or received[-1].kind not in kinds:
            received.append(self.read_message())
        return received

    def read_until_ready(self, count=1):
        received = []
        for _ in range(count):
            received += self.read_until("Z")
        return received

    def read_until_closed(self):
        """What still comes before the peer closes; an abortive close counts as one."""
        received = []
        try:
            while True:
                received.append(self.read_message())
        except (EOFError, ConnectionError):
            return received

    def log_in(self, user="app", database=None, secret=None, **parameters):
        self.send(messages.startup(user=user, database=database or user, **parameters))
        received = []
        while not received or received[-1].kind not in "ZE":
            received.append(self.read_message())
            if received[-1].kind == "R" and received[-1].body[:4] == b"\0\0\0\3":
                self.send(messages.password(secret))
        for each in received:
            if each.kind == "K":
                (self.pid,) = struct.unpack_from("!I", each.body)
                self.key = each.body[4:]
            elif each.kind == "S":
                name, value = each.body.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
        return received

    def query(self, sql):
        return self.send(messages.query(sql)).read_until_ready()
