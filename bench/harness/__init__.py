"""One idea per file. Free ports are found as the integration tests find them."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tests/integration/harness"))
