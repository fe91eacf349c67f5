"""pgbench scripts that insert many rows at once, all literals, as an ORM's bulk insert or a dump writes them."""

HEAD = "INSERT INTO bench (batch, line, name, amount, created) VALUES\n"


def write_script(folder, rows):
    """The variable's name is as long as its value: pgbench then replaces it in place, a thousand times per statement."""
    lines = [
        f"(:batch_number, {row}, 'name of row {row}', {row % 997}.{row % 90 + 10}, '2024-05-06 07:08:09+00')"
        for row in range(1, rows + 1)
    ]
    path = folder / f"insert_{rows}_rows.sql"
    path.write_text("\\set batch_number random(1000000000000, 9999999999999)\n" + HEAD + ",\n".join(lines) + ";\n")
    path.chmod(0o644)
    return path
