"""The Debian archives this machine's apt is set up for: what else is fetched comes from the same places."""

import subprocess

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def archives():
    """(URI, release, component) of each, the main one first."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found = [tuple(line.split()) for line in dict.fromkeys(lines) if "bookworm" in line]
    assert found, "apt knows no archive of Debian 12: run `apt-get update`"
    return sorted(found, key=lambda archive: archive[1] != "bookworm")


def source_lists():
    """Lines of a sources.list for source packages."""
    return "".join(f"deb-src [signed-by={KEYRING}] {uri} {release} {part}\n" for uri, release, part in archives())


def package_lists():
    """Lines of a sources.list for a new Debian."""
    return "".join(f"deb {uri} {release} {part}\n" for uri, release, part in archives())
