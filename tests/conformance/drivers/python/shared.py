"""What the Python programs print with."""

import hashlib


def step(name):
    print("==", name, flush=True)


def show(*values):
    print(*values, flush=True)


def digest(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()[:16]


TYPES = r"""SELECT 1::int2, 2::int4, 3::int8, 4.5::float4, 5.5::float8, 6.25::numeric, true, 'text'::text, '\xdeadbeef'::bytea,
    '2024-02-29'::date, '2024-02-29 12:34:56.789'::timestamp, '{1,NULL,3}'::int[], '{"a": [1, null]}'::jsonb,
    '00000000-0000-0000-0000-000000000001'::uuid, NULL::int, '1 day 02:03:04'::interval"""
FAILING = (
    "INSERT INTO item (name) VALUES ('item 1')", "INSERT INTO item (name, amount) VALUES ('negative', -1)",
    "INSERT INTO item (amount) VALUES (1)", "INSERT INTO part VALUES (-1)", "SELECT * FROM missing", "SELEC",
)  # fmt: skip
