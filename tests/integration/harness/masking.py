"""Makes two message streams comparable: what differs from one connection or database to the next is replaced by its
rank of appearance. Everything else must be equal byte for byte."""

import re
import struct

from harness.wire_client import Message

FIRST_USER_OID = 16384


class Masking:
    def __init__(self):
        self.ranks = {}

    def rank(self, kind, value):
        return self.ranks.setdefault((kind, value), len(self.ranks) + 1)

    def oid(self, value):
        return value if value < FIRST_USER_OID else FIRST_USER_OID + self.rank("oid", value)

    def row_description(self, body):
        (count,) = struct.unpack_from("!H", body)
        result, offset = body[:2], 2
        for _ in range(count):
            end = body.index(b"\0", offset) + 1
            table, column, kind, size, modifier, code = struct.unpack_from("!IhIhih", body, end)
            masked = struct.pack("!IhIhih", self.oid(table), column, self.oid(kind), size, modifier, code)
            result += body[offset:end] + masked
            offset = end + 18
        return result + body[offset:]

    def parameter_description(self, body):
        types = struct.unpack_from(f"!{(len(body) - 2) // 4}I", body, 2)
        return body[:2] + b"".join(struct.pack("!I", self.oid(kind)) for kind in types)

    def message(self, message):
        kind, body = message
        if kind == "K":
            return Message(kind, struct.pack("!I", self.rank("pid", body[:4])) + b"\0" * (len(body) - 4))
        if kind == "A":
            return Message(kind, struct.pack("!I", self.rank("pid", body[:4])) + body[4:])
        if kind == "T":
            return Message(kind, self.row_description(body))
        if kind == "t":
            return Message(kind, self.parameter_description(body))
        if kind in "EN":  # the number is that of the backend's place among all of them
            return Message(kind, re.sub(rb"pg_temp_\d+", b"pg_temp_N", body))
        return message


def masked(messages):
    masking = Masking()
    return [masking.message(message) for message in messages]
