"""Does the five-minute start do what it says? All its commands, in one shell, on free ports."""

import os
import pathlib
import re
import subprocess

from documents import blocks_of, pages
from harness.ports import free_port
from harness.postgres_server import BINARIES
from harness.proxy_process import binary


def test_five_minutes(postgres, tmp_path):
    database = postgres.fresh_database("start")
    blocks = blocks_of("docs/start.md", pages()["docs/start.md"])
    script = "\n".join(
        ["set -e", *(f"{block.text}\necho end of line {block.line}" for block in blocks if block.language == "sh")]
    )
    ports = {"5432": postgres.port, "6432": free_port(), "9732": free_port()}
    script = re.sub(r"\b(5432|6432|9732)\b", lambda match: str(ports[match[0]]), script)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pgconcord").symlink_to(pathlib.Path(binary()).resolve())
    environment = {
        **os.environ, "PATH": f"{tmp_path}/bin:{BINARIES}:{os.environ['PATH']}", "PGUSER": "app", "PGDATABASE": database,
        "PGCONCORD_ADMIN": f"127.0.0.1:{ports['9732']}",
    }  # fmt: skip
    result = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    output = result.stdout + result.stderr
    assert result.returncode == 0, output
    (error,) = [block.text.strip() for block in blocks if block.language == "text"]
    assert output.count(error) == 1, output  # observing: as without pgconcord; enforcing: no more
    parts = re.split(r"end of line \d+\n", result.stdout)
    assert any('constraint="users_email_key"' in part and part.rstrip().endswith(" 1") for part in parts), parts
    assert any("signup-email" in part and "return_existing" in part for part in parts), parts
    rewritten = "ON CONFLICT (email) DO UPDATE SET name = users.name RETURNING id"
    assert rewritten in output and rewritten in postgres.log_of(database)
    with postgres.connect(database) as connection:
        assert connection.execute("SELECT id, name FROM users").fetchall() == [(1, "Ada")]
