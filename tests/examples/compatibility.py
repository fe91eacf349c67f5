"""What an operation of a framework came to under an action, in the words of docs/compatibility.md."""

ACTIONS = {
    "": "without pgconcord",
    "return_existing": "`return_existing`",
    "do_update": "`do_update`",
    "do_nothing": "`do_nothing`",
}
OPERATIONS = ["create", "save", "get-or-create", "update-or-create", "bulk create", "upsert API", "raw SQL"]
NOTES = {
    "a": "The object keeps the values it sent until it is read again.",
    "b": "The application is told that it created the row.",
    "c": "The application is told that 0 rows were written, or fewer than it sent.",
}

HEAD = """# Compatibility

What each way to write a row comes to when its key is taken: another session stored the row first, for get-or-create and update-or-create between
the look-up and the INSERT. Written by a run of `scripts/test-examples` over the programs in `examples`.

| word | means |
|---|---|
| works | no error; the right row, its id, and no surprise |
| works (a) | no error, the right row and id; with the caveat below |
| *as before* | the framework's own `ON CONFLICT` or its own handling of the error, untouched |
| refused: `reason` | left alone for [this reason](left-alone.md); the application gets the error it got before |

"""


class Observation:
    """One line of an example's output, the rows with that key afterwards, and what pgconcord left alone meanwhile."""

    def __init__(self, told, stored, reasons):
        self.told, self.stored, self.reasons = told, stored, reasons
        self.error, self.state = told.get("error"), told.get("sqlstate")

    def problems(self, action, direct):
        """What would be a fault of pgconcord: a lost row, a foreign id, an error of its own."""
        if self.error and self.state != "23505":
            yield f"fails with {self.error} {self.state}"
        if not self.error:
            row = self.stored.get(self.told["sku"])
            if row is None:
                yield "the row is gone"
            elif direct.error and not self.reasons and row["name"] != {"do_update": "sent"}.get(action, "stored"):
                yield f"the row became {row}"
            for each in self.told.get("objects", []):
                if each["id"] != self.stored.get(each["sku"], {}).get("id"):
                    yield f"the object {each} is the row {self.stored.get(each['sku'])}"

    def notes(self):
        objects = self.told.get("objects", [])
        if any(each["name"] != self.stored[each["sku"]]["name"] for each in objects):
            yield "a"
        if self.told.get("created"):
            yield "b"
        if self.told.get("count") is not None and 0 <= self.told["count"] < len(self.stored):
            yield "c"

    def verdict(self, direct):
        reason = ", ".join(f"`{each}`" for each in sorted(self.reasons))
        if self.error:
            return f"refused: {reason}" if reason else self.error
        if direct is not self and not direct.error and reason:
            return f"*as before* ({reason})"
        if direct is not self and not direct.error:
            return "*as before*"
        notes = ", ".join(self.notes()) if direct is not self else ""
        return f"works ({notes})" if notes else "works"


def page(results):
    """`results` is {framework: {action: [Observation]}}."""
    text = HEAD + "".join(f"({letter}) {note}\n\n" for letter, note in NOTES.items())
    for framework, by_action in results.items():
        columns = [by_action[action] for action in ACTIONS]
        text += (
            f"## {framework}\n\n| operation | call | "
            + " | ".join(ACTIONS.values())
            + " |\n|---|---|"
            + "---|" * 4
            + "\n"
        )
        rows = sorted(zip(*columns, strict=True), key=lambda row: OPERATIONS.index(row[0].told["operation"]))
        for row in rows:
            told = row[0].told
            cells = " | ".join(each.verdict(row[0]) for each in row)
            text += f"| {told['operation']} | `{told['call']}` | {cells} |\n"
        text += "\n"
    return text.rstrip("\n") + "\n"
