"""Frontend messages of the protocol as bytes; names as in the manual's "Message Formats"."""

import struct

SSL_REQUEST = struct.pack("!II", 8, 80877103)
GSSENC_REQUEST = struct.pack("!II", 8, 80877104)


def message(kind, body=b""):
    return kind.encode() + struct.pack("!I", len(body) + 4) + body


def text(value):
    return (value if isinstance(value, bytes) else value.encode()) + b"\0"


def startup(version=196608, **parameters):
    body = struct.pack("!I", version)
    for name, value in parameters.items():
        body += text(name) + text(value)
    body += b"\0"
    return struct.pack("!I", len(body) + 4) + body


def cancel_request(pid, key):
    return struct.pack("!III", 12 + len(key), 80877102, pid) + key


def query(sql):
    return message("Q", text(sql))


def parse(sql, name="", types=()):
    oids = b"".join(struct.pack("!I", oid) for oid in types)
    return message("P", text(name) + text(sql) + struct.pack("!H", len(types)) + oids)


def bind(values=(), portal="", name="", result_formats=(), formats=()):
    """`values` are bytes or None; `formats` and `result_formats` are lists of 0 (text) or 1 (binary)."""
    body = text(portal) + text(name)
    body += struct.pack("!H", len(formats)) + b"".join(struct.pack("!H", code) for code in formats)
    body += struct.pack("!H", len(values))
    for value in values:
        if value is None:
            body += struct.pack("!i", -1)
        else:
            data = value if isinstance(value, bytes) else str(value).encode()
            body += struct.pack("!i", len(data)) + data
    body += struct.pack("!H", len(result_formats)) + b"".join(struct.pack("!H", code) for code in result_formats)
    return message("B", body)


def describe_statement(name=""):
    return message("D", b"S" + text(name))


def describe_portal(name=""):
    return message("D", b"P" + text(name))


def execute(portal="", max_rows=0):
    return message("E", text(portal) + struct.pack("!I", max_rows))


def close_statement(name=""):
    return message("C", b"S" + text(name))


def close_portal(name=""):
    return message("C", b"P" + text(name))


def copy_data(data):
    return message("d", data)


COPY_DONE = message("c")
SYNC = message("S")
FLUSH = message("H")
TERMINATE = message("X")


def copy_fail(reason):
    return message("f", text(reason))


def password(secret):
    return message("p", text(secret))


def function_call(oid, arguments):
    body = struct.pack("!IHH", oid, 1, 1) + struct.pack("!H", len(arguments))
    for argument in arguments:
        body += struct.pack("!I", len(argument)) + argument
    return message("F", body + struct.pack("!H", 1))


def one_statement(sql, values=(), result_formats=(), name="", types=()):
    """Parse, Bind, Describe, Execute: an extended query without its Sync."""
    return (
        parse(sql, name, types) + bind(values, name=name, result_formats=result_formats) + describe_portal() + execute()
    )
