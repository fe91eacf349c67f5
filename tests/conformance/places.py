"""Where things are: the repository, the cache of downloads, and the integration tests' harness, which is used here too."""

import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / ".cache/conformance"

sys.path.insert(0, str(REPOSITORY / "tests/integration"))
