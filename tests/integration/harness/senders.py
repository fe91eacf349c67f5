"""The ways an application sends one and the same INSERT. Each returns (rows of RETURNING or None, number of rows in the
tag); errors are psycopg's. Placeholders are written as psycopg writes them."""

from psycopg import ClientCursor


def outcome(cursor):
    return (cursor.fetchall() if cursor.description else None), cursor.rowcount


def literal(connection, text, values=()):
    """Simple protocol: the values become part of the text."""
    with ClientCursor(connection) as cursor:
        cursor.execute(text, values)
        return outcome(cursor)


def parameters(connection, text, values=()):
    """Extended protocol, unnamed statement."""
    with connection.cursor() as cursor:
        cursor.execute(text, values, prepare=False, binary=False)
        return outcome(cursor)


def prepared(connection, text, values=()):
    """Extended protocol, named statement, parsed once per connection."""
    with connection.cursor() as cursor:
        cursor.execute(text, values, prepare=True)
        return outcome(cursor)


def binary(connection, text, values=()):
    """Extended protocol, results in binary."""
    with connection.cursor(binary=True) as cursor:
        cursor.execute(text, values)
        return outcome(cursor)


SENDERS = [literal, parameters, prepared, binary]
