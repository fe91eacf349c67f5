"""Case files: blocks of SQL between empty lines, each sent as one message. After a COPY FROM STDIN, lines that start
with `>` are the data; `>!` sends CopyFail. Lines that start with `--` before a block are for the reader."""

import pathlib
from typing import NamedTuple

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "cases"


class Block(NamedTuple):
    sql: str
    copy_data: bytes
    copy_fails: bool


def read_block(text):
    lines = text.splitlines()
    sql = "\n".join(line for line in lines if not line.startswith((">", "--")))
    data = "".join(line[1:] + "\n" for line in lines if line.startswith(">") and not line.startswith(">!"))
    return Block(sql, data.encode(), any(line.startswith(">!") for line in lines))


def read_case(name):
    blocks = [read_block(text) for text in (FOLDER / name).read_text().split("\n\n") if text.strip()]
    return [block for block in blocks if block.sql]


def case_names():
    return sorted(path.name for path in FOLDER.glob("*.sql"))
