"""Is the site built without a warning, with links and anchors that hold?"""

import html.parser
import re
import subprocess
import urllib.parse

import pytest
from documents import REPOSITORY

SITE = REPOSITORY / "build/site"


@pytest.fixture(scope="module")
def site():
    result = subprocess.run([REPOSITORY / "scripts/docs"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "WARNING" not in result.stdout + result.stderr
    return SITE


class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.targets, self.anchors, self.fetched = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors |= {values[key] for key in ("id", "name") if values.get(key)}
        if tag == "a" and "href" in values:
            self.targets.append(values["href"])
        if tag in ("script", "img", "link") and values.get("rel") != "canonical":
            self.fetched.append(values.get("src") or values.get("href") or "")


def test_links_and_anchors_hold(site):
    read = {path: Links(path.read_text()) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(read) > 35
    for path, links in read.items():
        for target in links.targets:
            url = urllib.parse.urlsplit(target)
            if url.scheme or target in ("", "."):
                continue
            aim = (path.parent / url.path).resolve() if url.path else path
            aim = aim / "index.html" if aim.is_dir() else aim
            assert aim in read, f"{path.relative_to(site)}: {target}"
            anchor = urllib.parse.unquote(url.fragment)
            assert not anchor or anchor in read[aim].anchors, f"{path.relative_to(site)}: {target}"


def test_nothing_is_fetched_from_elsewhere(site):
    for path in site.rglob("*.html"):
        for address in Links(path.read_text()).fetched:
            assert not re.match(r"(https?:)?//", address), f"{path.relative_to(site)}: {address}"
