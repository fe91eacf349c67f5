"""Where things are: the repository and the cache of downloads."""

import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / ".cache/conformance"
