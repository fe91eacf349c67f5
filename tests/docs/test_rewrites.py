"""Do the statements of the pages become what the pages say? Every page with SQL, block by block, on a real server."""

import json

import pytest
from documents import blocks_of, pages
from test_blocks import configuration

PAGES = [
    page
    for page, text in pages().items()
    if page.startswith("docs/") and any(block.language == "sql" for block in blocks_of(page, text))
]


def words(sql):
    return " ".join(sql.split()).rstrip(";")


class Page:
    """The tables and policies that a page has built up so far."""

    def __init__(self, pgconcord, postgres, database, folder):
        self.pgconcord, self.config = pgconcord, folder / "pgconcord.yaml"
        self.url = f"postgres://{postgres.superuser}@127.0.0.1:{postgres.port}/{database}"
        self.connection = postgres.connect(database)

    def outcomes(self, sql):
        result = self.pgconcord(
            "explain", "--format", "json", "--config", self.config, "--connect", self.url, *self.speaker, sql
        )
        assert result.returncode == 0, result.stdout + result.stderr
        (statement,) = json.loads(result.stdout)["statements"]
        assert statement["outcomes"], f"no policy concerns it: {statement}"
        return statement["outcomes"]

    def take_policies(self, block):
        text = configuration(block.text)
        self.config.write_text("mode: enforce\n" + text if "\nmode:" not in text else text)
        self.speaker = ["--application", "importer"] if "importer*" in text else []

    def check_pair(self, sent, answer):
        outcomes = self.outcomes(sent.text)
        if answer.kind == ("text", "left alone"):
            assert {each.get("reason") for each in outcomes} == {answer.text.strip()}, outcomes
            return
        assert answer.kind == ("sql", "becomes"), f"{answer}: what becomes of {sent}?"
        for each in outcomes:
            assert words(each.get("sql", f"left alone: {each.get('reason')}")) == words(answer.text)
        for _ in range(2):  # the server accepts it, with and without a conflict
            self.connection.execute(answer.text)


@pytest.mark.parametrize("name", PAGES)
def test_every_statement_of_the_page_is_true(name, pgconcord, postgres, tmp_path):
    page = Page(pgconcord, postgres, postgres.fresh_database("documents"), tmp_path)
    rest = blocks_of(name, pages()[name])
    pairs = 0
    with page.connection:
        while rest:
            block = rest.pop(0)
            if block.kind == ("yaml", ""):
                page.take_policies(block)
            elif block.kind == ("sql", "sent"):
                page.check_pair(block, rest.pop(0))
                pairs += 1
            elif block.language == "sql":
                assert block.title in ("", "tables"), f"{block}: {block.title} without what was sent"
                page.connection.execute(block.text)
    assert pairs or not name.startswith("docs/cookbook/"), "a recipe without a statement"
