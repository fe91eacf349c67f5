"""`run --watch`: the configuration is read anew when its files change. The kubelet never writes a mounted file: it writes a
new hidden folder beside it and swaps the symlink `..data`. Editors replace files, `cp` writes them in place."""

import pathlib
import shutil
import time

import pytest
from harness.proxy_process import ProxyProcess, configuration
from harness.waiting import wait_until

INVALID = "version: 1\npolicies:\n  - {name: p, table: public.t, constrant: t_pkey, action: do_nothing}\n"


def policies(*names):
    return "".join(f"- {{name: {name}, table: public.t, constraint: t_pkey, action: do_nothing}}\n" for name in names)


class MountedConfigMap:
    """A folder as the kubelet's atomic writer keeps it (kubernetes/pkg/volume/util/atomic_writer.go)."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.generation = 0

    def update(self, files):
        self.generation += 1
        fresh = self.folder / f"..2026_11_22_00_00_00.{self.generation}"
        fresh.mkdir()
        for name, text in files.items():
            (fresh / name).write_text(text)
        (self.folder / "..data_tmp").symlink_to(fresh.name)
        before = self.folder.joinpath("..data").resolve() if self.generation > 1 else None
        (self.folder / "..data_tmp").rename(self.folder / "..data")
        for name in files:
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")
        for link in self.folder.iterdir():
            if not link.name.startswith("..") and link.name not in files:
                link.unlink()
        if before:
            shutil.rmtree(before)


@pytest.fixture
def watching(upstream, tmp_path):
    """watching(files) -> a proxy over a mounted folder with these files, and the folder."""
    started = []

    def start(files, arguments=("--watch",)):
        mount = MountedConfigMap(tmp_path / "etc")
        mount.update(files)
        process = ProxyProcess(None, [*arguments, "--config", str(mount.folder / "pgconcord.yaml")])
        started.append(process)
        return process.start(), mount

    yield start
    for process in started:
        process.discard()


def known_policies(process):
    return sorted(dict(labels)["policy"] for labels in process.metrics().series("policy_info"))


def generations(process):
    """How often a reload worked."""
    return process.output().count("reloaded generation=")


def within_a_second(condition, what):
    start = time.monotonic()
    wait_until(condition, what, 10)
    assert time.monotonic() - start < 1.0, f"{what} took {time.monotonic() - start:.2f} s"


def settled(process):
    """Returns when the watch has looked at everything that happened so far: a further change is seen after it."""
    time.sleep(1.0)  # longer than the watch's patience; nothing to poll for where nothing must happen
    return generations(process)


def test_a_swapped_symlink_is_seen_within_a_second(watching, upstream):
    process, mount = watching({"pgconcord.yaml": configuration(upstream, policies("one"))})
    assert known_policies(process) == ["one"]
    for names in (["one", "two"], ["three"], ["four"]):  # each swap removes the folder of the one before
        mount.update({"pgconcord.yaml": configuration(upstream, policies(*names))})
        within_a_second(lambda names=names: known_policies(process) == sorted(names), "the reload")
        within_a_second(lambda: process.metrics().total("config_last_reload_successful") == 1, "the success is told")


def test_an_invalid_configuration_is_refused_and_visible(watching, upstream, database, direct):
    direct.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    process, mount = watching({"pgconcord.yaml": configuration(upstream, policies("one"))})
    before = process.metrics().total("config_last_reload_success_timestamp_seconds")
    mount.update({"pgconcord.yaml": INVALID})
    within_a_second(lambda: process.metrics().total("config_last_reload_successful") == 0, "the refusal")
    assert process.metrics().total("config_last_reload_success_timestamp_seconds") == before
    assert "constrant" in process.output() and "pgconcord.yaml:3:" in process.output()
    assert known_policies(process) == ["one"]
    with process.connect(database) as connection:
        assert connection.execute("INSERT INTO t VALUES (1)").rowcount == 0
    mount.update({"pgconcord.yaml": configuration(upstream, policies("two"))})
    within_a_second(lambda: known_policies(process) == ["two"], "the next good configuration")
    within_a_second(lambda: process.metrics().total("config_last_reload_successful") == 1, "the success is told")


def test_sessions_go_on_through_a_reload(watching, upstream, database, direct):
    direct.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    process, mount = watching({"pgconcord.yaml": configuration(upstream)})
    with process.connect(database) as connection:
        backend = connection.execute("SELECT pg_backend_pid()").fetchone()
        mount.update({"pgconcord.yaml": configuration(upstream, policies("one"))})
        within_a_second(lambda: known_policies(process) == ["one"], "the reload")
        assert connection.execute("INSERT INTO t VALUES (1)").rowcount == 0
        assert connection.execute("SELECT pg_backend_pid()").fetchone() == backend


def test_included_files_are_watched_also_new_ones(watching, upstream, tmp_path):
    shared = MountedConfigMap(tmp_path / "policies")
    shared.update({"a.yaml": "policies:\n" + policies("a")})
    process, _ = watching({"pgconcord.yaml": configuration(upstream, more=f"include: [{shared.folder}/*.yaml]\n")})
    assert known_policies(process) == ["a"]
    shared.update({"a.yaml": "policies:\n" + policies("a", "b")})
    within_a_second(lambda: known_policies(process) == ["a", "b"], "a changed file")
    shared.update({"a.yaml": "policies:\n" + policies("a"), "c.yaml": "policies:\n" + policies("c")})
    within_a_second(lambda: known_policies(process) == ["a", "c"], "a new file")
    shared.update({"c.yaml": "policies:\n" + policies("c")})
    within_a_second(lambda: known_policies(process) == ["c"], "a removed file")


def test_an_include_that_comes_with_a_reload_is_watched_from_then_on(watching, upstream, tmp_path):
    process, mount = watching({"pgconcord.yaml": configuration(upstream)})
    shared = MountedConfigMap(tmp_path / "policies")
    shared.update({"a.yaml": "policies:\n" + policies("a")})
    mount.update({"pgconcord.yaml": configuration(upstream, more=f"include: [{shared.folder}/*.yaml]\n")})
    within_a_second(lambda: known_policies(process) == ["a"], "the include")
    shared.update({"a.yaml": "policies:\n" + policies("b")})
    within_a_second(lambda: known_policies(process) == ["b"], "the included file")


def write_in_place(path, text):
    path.write_text(text)


def replace(path, text):
    draft = path.with_name("draft~")
    draft.write_text(text)
    draft.rename(path)


@pytest.mark.parametrize("write", [write_in_place, replace])
def test_editors_work_too(write, upstream, tmp_path):
    path = tmp_path / "pgconcord.yaml"
    path.write_text(configuration(upstream, policies("one")))
    process = ProxyProcess(None, ["--watch", "--config", str(path)])
    try:
        process.start()
        write(path, configuration(upstream, policies("two")))
        within_a_second(lambda: known_policies(process) == ["two"], "the reload")
    finally:
        process.discard()


def write_slowly(path, text):
    """Returns how long it took, so that a busy machine is not mistaken for a slow editor."""
    start = time.monotonic()
    with path.open("w") as file:
        for part in (text[:40], text[40:]):
            file.write(part)
            file.flush()
            time.sleep(0.05)
    return time.monotonic() - start


def test_a_write_that_takes_a_moment_is_read_when_it_is_whole(upstream, tmp_path):
    """An empty file is a valid configuration: nobody may see it between truncation and writing."""
    path = tmp_path / "pgconcord.yaml"
    path.write_text(configuration(upstream, policies("one")))
    process = ProxyProcess(None, ["--watch", "--config", str(path)])
    try:
        process.start()
        for attempt in range(20):
            before, name = generations(process), f"p{attempt}"
            seconds = write_slowly(path, configuration(upstream, policies(name)))
            wait_until(lambda name=name: known_policies(process) == [name], "the reload")
            if seconds < 0.2:
                assert generations(process) == before + 1 and "errors=" not in process.output()
                return
        raise AssertionError("this machine never wrote the file within 0.2 s")
    finally:
        process.discard()


def test_other_files_of_the_folder_change_nothing(watching, upstream):
    process, mount = watching({"pgconcord.yaml": configuration(upstream, policies("one"))})
    for number in range(50):
        (mount.folder / f"other-{number}").write_text("x")
    assert settled(process) == 0


def test_a_busy_folder_does_not_delay_the_reload_for_ever(watching, upstream):
    process, mount = watching({"pgconcord.yaml": configuration(upstream, policies("one"))})
    mount.update({"pgconcord.yaml": configuration(upstream, policies("two"))})
    deadline = time.monotonic() + 5
    while known_policies(process) != ["two"]:
        (mount.folder / "noise").write_text(str(time.monotonic()))
        assert time.monotonic() < deadline, "the reload waits for silence"


def test_nothing_is_watched_unless_asked(watching, upstream):
    process, mount = watching({"pgconcord.yaml": configuration(upstream, policies("one"))}, arguments=())
    mount.update({"pgconcord.yaml": configuration(upstream, policies("two"))})
    assert settled(process) == 0 and known_policies(process) == ["one"]


def test_a_folder_that_was_removed_and_made_again_is_watched_after_the_next_reload(upstream, tmp_path):
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "pgconcord.yaml").write_text(configuration(upstream, policies("one")))
    process = ProxyProcess(None, ["--watch", "--config", str(folder / "pgconcord.yaml")])
    try:
        process.start()
        shutil.rmtree(folder)
        wait_until(lambda: process.metrics().total("config_last_reload_successful") == 0, "the loss is visible")
        folder.mkdir()
        (folder / "pgconcord.yaml").write_text(configuration(upstream, policies("two")))
        process.process.send_signal(1)
        wait_until(lambda: known_policies(process) == ["two"], "SIGHUP")
        (folder / "pgconcord.yaml").write_text(configuration(upstream, policies("three")))
        within_a_second(lambda: known_policies(process) == ["three"], "the watch after it")
    finally:
        process.discard()
