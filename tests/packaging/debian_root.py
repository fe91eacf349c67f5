"""A bare Debian 12 as a folder, and commands that run in it. Made once by debootstrap into .cache, copied for each use."""

import fcntl
import pathlib
import shutil
import subprocess

from harness.apt_archives import archives, package_lists

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / ".cache"


def run(command, **more):
    more.setdefault("check", True)
    result = subprocess.run([str(each) for each in command], capture_output=True, text=True, **{**more, "check": False})
    if more["check"] and result.returncode != 0:
        raise AssertionError(f"{command}: status {result.returncode}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}")
    return result


def base_archive():
    """debian:bookworm-slim's like: debootstrap's minbase with security updates, as a tar file."""
    archive = CACHE / "debian-bookworm.tar"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "debian-bookworm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            folder = CACHE / "debian-bookworm"
            shutil.rmtree(folder, ignore_errors=True)
            run(["debootstrap", "--variant=minbase", "bookworm", folder, archives()[0][0]])
            (folder / "etc/apt/sources.list").write_text(package_lists())
            # As in a container's image: no daemon is started by an installation.
            (folder / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
            (folder / "usr/sbin/policy-rc.d").chmod(0o755)
            run(["tar", "-C", folder, "--one-file-system", "-cf", f"{archive}.new", "."])
            pathlib.Path(f"{archive}.new").rename(archive)
            shutil.rmtree(folder)
    return archive


class Root:
    """A root file system; commands run in it as root or as another user, with the network of this machine."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def unpack(self):
        self.folder.mkdir(parents=True)
        run(["tar", "-C", self.folder, "-xf", base_archive()])
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", self.folder / "etc" / name)
        return self

    def path(self, inside):
        return self.folder / str(inside).lstrip("/")

    def chroot(self, command, user=None):
        identity = [f"--userspec={user}"] if user else []
        return ["/usr/sbin/chroot", *identity, str(self.folder), *map(str, command)]

    def run(self, *command, **more):
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND": "noninteractive",
            "LC_ALL": "C.UTF-8",
        }
        return run(self.chroot(command), env={**environment, **more.pop("env", {})}, **more)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
