"""PostgreSQL's source and development headers by Debian package name, unpacked into the cache. Changes nothing of the
system: package lists of the sources are kept in a folder of our own, and no package is installed."""

import os
import pathlib
import re
import shutil
import subprocess

from harness.apt_archives import source_lists
from places import CACHE

MAJOR = "15"
SERVER = pathlib.Path(f"/usr/lib/postgresql/{MAJOR}")
# What the suites need of the source package; unpacking all of it takes a minute.
FOLDERS = ["src/test", "src/include", "src/tutorial", "src/common", "src/port", "contrib"]


def run(command, **more):
    return subprocess.run([str(part) for part in command], check=True, text=True, **more)


def needs(program, remedy):
    if not shutil.which(program):
        raise SystemExit(f"{program} is needed and not found: {remedy}")


def apt_options(folder):
    (folder / "lists/partial").mkdir(parents=True, exist_ok=True)
    (folder / "archives/partial").mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text(source_lists())
    settings = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "archives",
        "APT::Sandbox::User": "root",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def installed_version():
    query = ["dpkg-query", "-W", "-f", "${Version}", f"postgresql-{MAJOR}"]
    return run(query, capture_output=True).stdout


def source_versions(options):
    """The version of the installed server first: the archive may list one that it no longer holds."""
    shown = run(["apt-cache", *options, "showsrc", f"postgresql-{MAJOR}"], capture_output=True).stdout
    versions = sorted(set(re.findall(r"^Version: (\S+)", shown, re.MULTILINE)), reverse=True)
    wanted = installed_version()
    return [v for v in versions if v == wanted] + [v for v in versions if v != wanted]


def download_source(folder):
    options = apt_options(folder)
    run(["apt-get", "-qq", *options, "update"])
    tried = source_versions(options)
    for version in tried:
        command = ["apt-get", "-qq", *options, "source", "--download-only", f"postgresql-{MAJOR}={version}"]
        if subprocess.run([str(part) for part in command], cwd=folder).returncode == 0:
            return next(folder.glob(f"postgresql-{MAJOR}_{version.split('-')[0]}.orig.tar.*"))
        print(f"the archive does not hold the source of {version}")
    raise SystemExit(f"no source package of postgresql-{MAJOR}: tried {', '.join(tried) or 'nothing'}")


def source():
    """The folder of PostgreSQL's source tree: the parts in FOLDERS."""
    unpacked = CACHE / "postgresql-source"
    if not (unpacked / "complete").exists():
        folder = CACHE / "apt"
        folder.mkdir(parents=True, exist_ok=True)
        archive = download_source(folder)
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir()
        wanted = [f"*/{name}" for name in FOLDERS]
        run(["tar", "xf", archive, "-C", unpacked, "--strip-components=1", "--wildcards", *wanted])
        (unpacked / "complete").write_text(archive.name)
    return unpacked


def headers():
    """The folder with postgres.h, of the installed package or of one that is only unpacked."""
    place = f"usr/include/postgresql/{MAJOR}/server"
    if os.path.exists(f"/{place}/postgres.h"):
        return pathlib.Path("/") / place
    return development_files() / place


def development_files():
    unpacked = CACHE / "server-dev"
    if not unpacked.exists():
        folder = CACHE / "apt-binary"
        folder.mkdir(parents=True, exist_ok=True)
        options = ["-o", "APT::Sandbox::User=root"]
        run(["apt-get", "-qq", *options, "download", f"postgresql-server-dev-{MAJOR}"], cwd=folder)
        package = next(folder.glob(f"postgresql-server-dev-{MAJOR}_*.deb"))
        run(["dpkg", "-x", package, unpacked])
    return unpacked


def compile_c(output, *arguments):
    """Compiles against the server's headers; warnings in others' code are not ours."""
    output.parent.mkdir(parents=True, exist_ok=True)
    run(["gcc", "-O1", "-w", f"-I{headers()}", "-I/usr/include/postgresql", "-o", output, *arguments])
    return output
