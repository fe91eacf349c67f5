"""What a write of test_property.py should have done, done by hand on a direct connection."""

import psycopg

# Errors that only the added clause can raise: the client gets its own violation instead.
OF_THE_CLAUSE = {
    "42P10",
    "42501",
    "55000",
    "0A000",
    "42704",
    "42703",
    "42P01",
    "42702",
    "42P09",
    "42809",
    "428C9",
    "21000",
}


def outcome(cursor):
    """What the client can see of a good statement: tag, names and types of the columns, rows."""
    shape = [(column.name, column.type_code) for column in cursor.description or []]
    return ("ok", cursor.statusmessage, shape, cursor.fetchall() if cursor.description else None)


def failure(error):
    return ("error", error.sqlstate, error.diag.table_name, error.diag.column_name)


def run(send, world, write, text, values=None):
    try:
        return send(text, write.values if values is None else values)
    except psycopg.Error as error:
        return failure(error) + (error.diag.constraint_name,)


def expected(send, world, write, moment):
    """`send(text, values)` runs a statement directly; in a transaction block when `moment` is up_front in one."""
    if write.kind == "update":
        return expected_update(send, world, write)
    clause = clause_for(world, write)
    if moment == "up_front":
        found = run(send, world, write, write.text("direct", world, clause))
    else:
        found = run(send, world, write, write.text("direct", world))
        violates = found[0] == "error" and found[1] == "23505" and "badge" not in found[4]
        if violates and (world.key == "primary" or not found[4].endswith("pkey")) and clause:
            again = run(send, world, write, write.text("direct", world, clause))
            if again[0] == "ok" or again[1] not in OF_THE_CLAUSE:
                found = again
            clause = "violated"
        else:
            clause = ""
    attempted = world.policy.get("report_rows") == "attempted" and write.source == "values"
    if clause and attempted and found[0] == "ok":
        found = (found[0], f"INSERT 0 {len(write.rows)}", *found[2:])
    return found


def given(write, column):
    """The statement supplies the column in every row."""
    if column not in write.columns:
        return False
    at = write.columns.index(column)
    return all(row[at] != "DEFAULT" for row in write.rows)


def may_be_drawn(world, write, column):
    has_default = column == "id" and world.id_kind != "plain"
    if given(write, column):
        return world.trigger and not has_default and write.writes_null(column)
    return has_default or world.trigger


def clause_for(world, write):
    """The ON CONFLICT clause; empty where the statement is to be left alone."""
    policy, target = world.policy, world.target
    if world.key == "deferrable" or any(may_be_drawn(world, write, column) for column in world.key_columns):
        return ""
    nothing = f"ON CONFLICT {target} DO NOTHING"
    if policy["action"] == "do_nothing":
        return "" if write.returning and policy.get("returning") != "omit" else nothing
    if write.alias and ("set" in policy or "where" in policy):
        return ""  # the policy's expressions say the name that the alias hides
    assignments = assignments_for(world, write)
    if not assignments:
        if write.returning or policy["action"] == "return_existing":
            return ""
        return nothing
    if world.trigger and policy.get("triggers") != "rewrite":
        return ""
    condition = condition_for(world, write, assignments)
    if condition and write.returning:
        return ""
    sets = ", ".join(f"{column} = {value}" for column, value in assignments)
    return f"ON CONFLICT {target} DO UPDATE SET {sets}{condition}"


def assignments_for(world, write):
    policy, row = world.policy, write.row_name(world)
    if policy["action"] == "do_update":
        if "set" in policy:
            return [("hits", f"{row}.hits + 1")]
        held = [] if world.key == "expression" else world.key_columns
        supplied = [c for c in world.columns if c not in held and given(write, c)]
        if supplied or not write.returning:
            return [(column, f"EXCLUDED.{column}") for column in supplied]
    return [(column, f"{row}.{column}") for column in world.touchable()[:1]]


def condition_for(world, write, assignments):
    policy, row = world.policy, write.row_name(world)
    touches = "set" not in policy and not assignments[0][1].startswith("EXCLUDED")
    if policy["action"] != "do_update" or touches:
        return ""
    if "where" in policy:
        return f" WHERE EXCLUDED.hits > {row}.hits"
    if "skip_unchanged" in policy:
        return " WHERE " + " OR ".join(f"{row}.{column} IS DISTINCT FROM {value}" for column, value in assignments)
    return ""


def may_insert_missing(world, write):
    if world.key in ("partial", "expression", "deferrable") or world.trigger or write.shape != "key":
        return False
    literals = [value for _, value in write.keys]
    if "NULL" in literals or None in write.key_values:
        return False
    return not write.reads_row or "set" in world.policy


def expected_update(send, world, write):
    found = run(send, world, write, write.text("direct", world))
    if found[:2] != ("ok", "UPDATE 0") or not may_insert_missing(world, write):
        return found
    columns = write.columns + [column for column, _ in write.keys]
    row = ["100" if value == "hits + 1" else value for value in write.rows[0]] + [value for _, value in write.keys]
    if "set" in world.policy and "hits" not in columns:
        columns, row = [*columns, "hits"], [*row, "100"]
    returning = f" RETURNING {write.returning}" if write.returning else ""
    relation = write.relation("direct", world.name)
    text = f"INSERT INTO {relation} ({', '.join(columns)}) VALUES ({', '.join(row)}){returning}"
    found = run(send, world, write, text)
    return ("ok", found[1].replace("INSERT 0", "UPDATE"), *found[2:]) if found[0] == "ok" else found
