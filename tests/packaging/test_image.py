"""Does the Dockerfile build, without a container engine, an image that runs? buildah follows it in a chroot, on a Debian made
by debootstrap; the program is then started from the image's root file system. Compiles the release: minutes."""

import json
import os
import pathlib
import subprocess
import urllib.request

import psycopg
import pytest
from debian_root import CACHE, REPOSITORY, base_archive, run
from harness.ports import free_port
from harness.waiting import wait_until

STORAGE = CACHE / "buildah"
IMAGE = "localhost/pgconcord:test"


def buildah(*arguments, **more):
    storage = ["--root", STORAGE / "root", "--runroot", STORAGE / "run", "--storage-driver", "vfs"]
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(STORAGE / "tmp")}
    return run(["buildah", *storage, *arguments], env=environment, **more).stdout.strip()


@pytest.fixture(scope="module")
def base():
    (STORAGE / "tmp").mkdir(parents=True, exist_ok=True)
    if "localhost/debian" not in buildah("images", "--noheading"):
        container = buildah("from", "scratch")
        buildah("add", container, base_archive(), "/")
        buildah("commit", "--rm", container, "localhost/debian:bookworm")
    return "localhost/debian:bookworm"


@pytest.fixture(scope="module")
def image(base):
    revision = run(["git", "-C", REPOSITORY, "rev-parse", "HEAD"]).stdout.strip()
    arguments = ["--build-arg", f"BASE={base}", "--build-arg", f"REVISION={revision}"]
    buildah("build", "--layers", "--format", "docker", "--pull-never", *arguments, "--tag", IMAGE, REPOSITORY)
    return {"revision": revision, **json.loads(buildah("inspect", "--type", "image", IMAGE))["Docker"]["config"]}


@pytest.fixture(scope="module")
def image_root(image):
    container = buildah("from", "--pull-never", IMAGE)
    yield pathlib.Path(buildah("mount", container))
    buildah("rm", container)


def test_the_image_says_what_it_is_and_how_to_run_it(image):
    assert image["User"] == "65532:65532"
    assert image["Entrypoint"] == ["pgconcord"] and image["Cmd"] == ["run", "--watch"]
    assert image["Healthcheck"]["Test"] == ["CMD", "pgconcord", "healthcheck"]
    assert image["ExposedPorts"].keys() == {"6432/tcp", "9732/tcp"}
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in image["Labels"].items()}
    assert {"title", "description", "licenses", "version", "revision", "source"} <= labels.keys()
    assert labels["revision"] == image["revision"]


def test_nothing_of_the_build_is_left(image_root):
    assert not (image_root / "source").exists() and not (image_root / "usr/bin/g++").exists()
    assert not any((image_root / "var/lib/apt/lists").glob("*")) and not any((image_root / "tmp").iterdir())


class Container:
    """The image's command as its user, with its root; only the ports are others, so that tests can run beside each other."""

    def __init__(self, root, image, environment):
        self.root, self.user = root, image["User"]
        self.port, self.admin_port = free_port(), free_port()
        self.environment = {
            **dict(each.split("=", 1) for each in image["Env"]),
            "PGCONCORD_LISTEN": f"127.0.0.1:{self.port}",
            "PGCONCORD_ADMIN": f"127.0.0.1:{self.admin_port}",
            **environment,
        }
        self.process = subprocess.Popen(self.command(*image["Entrypoint"], *image["Cmd"]), env=self.environment)

    def command(self, *words):
        return ["/usr/sbin/chroot", f"--userspec={self.user}", str(self.root), *words]

    def healthcheck(self, image):
        return subprocess.run(
            self.command(*image["Healthcheck"]["Test"][1:]), env=self.environment, capture_output=True
        ).returncode


@pytest.fixture
def container(image_root, image, postgres):
    started = Container(image_root, image, {"PGCONCORD_UPSTREAM": f"postgres://127.0.0.1:{postgres.port}"})
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.wait()


def test_it_starts_is_healthy_and_stops(container, image, postgres):
    wait_until(lambda: container.healthcheck(image) == 0, "healthy", 30)
    status = pathlib.Path(f"/proc/{container.process.pid}/status").read_text()
    assert "\nUid:\t65532\t" in status
    database = postgres.fresh_database("image")
    with psycopg.connect(host="127.0.0.1", port=container.port, user="app", dbname=database) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with urllib.request.urlopen(f"http://127.0.0.1:{container.admin_port}/version", timeout=10) as reply:
        assert json.loads(reply.read())["revision"] == image["revision"]
    container.process.terminate()
    assert container.process.wait(20) == 0
    assert container.healthcheck(image) == 1


def test_the_bill_of_materials_lists_every_package(image_root):
    text = run([REPOSITORY / "scripts/sbom", image_root], env={**os.environ, "SOURCE_DATE_EPOCH": "1"}).stdout
    document = json.loads(text)
    listed = {each["name"]: each["versionInfo"] for each in document["packages"]}
    installed = run(
        ["dpkg-query", f"--admindir={image_root}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\\n"]
    ).stdout
    assert listed == dict(line.split(" ") for line in installed.splitlines())
    assert (
        "pgconcord" in listed
        and document["spdxVersion"] == "SPDX-2.3"
        and document["creationInfo"]["created"].startswith("1970-01-01")
    )
    identifiers = [each["SPDXID"] for each in document["packages"]]
    assert len(set(identifiers)) == len(identifiers)
