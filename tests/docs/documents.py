"""The documents as data: pages, and in each its fenced blocks in order, with language, title, line and text.

A block's language and title say what it claims, and so which test is about it:
  yaml                       a configuration, the keys of one, or policies: `pgconcord check`
  yaml, title values.yaml    values of the Helm chart: its schema
  yaml, not in this release  `check` must refuse it as not implemented
  sql, title tables          makes the page's tables
  sql, title sent            a client's statement, under the policies of the block of YAML above it; the next block is
  sql, title becomes         ... what `explain` says is sent instead, or
  text, title left alone     ... its reason for leaving it alone
  sql                        SQL for the reader, run as it stands
  sh                         commands; verbs and flags of pgconcord exist
  diff, promql, python       lines in pairs; known metrics; compiles
  text                       output
"""

import dataclasses
import pathlib
import re
import textwrap

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
GENERATED = {"docs/configuration-keys.md"}
FENCE = re.compile(r'^(?P<indent> *)```(?P<language>\w*)(?: title="(?P<title>[^"]*)")?$')
SNIPPET = re.compile(r'^ *--8<-- "(?P<path>[^":]+)(?::(?P<section>\w+))?"$', re.MULTILINE)
KINDS = {
    ("yaml", ""), ("yaml", "values.yaml"), ("yaml", "not in this release"), ("sql", ""), ("sql", "tables"),
    ("sql", "sent"), ("sql", "becomes"), ("text", "left alone"), ("text", ""), ("sh", ""), ("diff", ""),
    ("promql", ""), ("python", ""), ("javascript", ""), ("go", ""), ("ruby", ""), ("java", ""),
}  # fmt: skip


@dataclasses.dataclass
class Block:
    page: str
    line: int
    language: str
    title: str
    text: str

    @property
    def kind(self):
        return self.language, self.title

    def __str__(self):
        return f"{self.page}:{self.line}"


def pages():
    """Markdown for users, by path from the root of the repository."""
    paths = [
        "README.md",
        *(f"docs/{path.relative_to(REPOSITORY / 'docs')}" for path in REPOSITORY.glob("docs/**/*.md")),
    ]
    return {path: (REPOSITORY / path).read_text() for path in sorted(paths)}


def snippet(match):
    text = (REPOSITORY / match["path"]).read_text()
    if match["section"]:
        inner = re.search(
            rf"--8<-- \[start:{match['section']}\].*?\n(.*?)\n[^\n]*--8<-- \[end:{match['section']}\]", text, re.DOTALL
        )
        assert inner, f"{match['path']} has no section {match['section']}"
        text = textwrap.dedent(inner[1])
    return text


def blocks_of(page, text):
    lines, found, number = text.splitlines(), [], 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        if not fence:
            assert "```" not in lines[number], f"{page}:{number + 1}: a fence this file does not understand"
            number += 1
            continue
        end = lines.index(fence["indent"] + "```", number + 1)
        inner = textwrap.dedent("\n".join(lines[number + 1 : end])) + "\n"
        found.append(Block(page, number + 1, fence["language"], fence["title"] or "", SNIPPET.sub(snippet, inner)))
        number = end + 1
    return found


def blocks(*languages):
    """The blocks of all pages, or of these languages."""
    every = [block for page, text in pages().items() for block in blocks_of(page, text)]
    return [block for block in every if not languages or block.language in languages]
