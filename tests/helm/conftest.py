"""Rendering is shared by the tests of a process: each feature once per version of Kubernetes that makes a difference."""

import functools
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import chart  # noqa: E402
import cluster_schemas  # noqa: E402


@pytest.fixture(scope="session")
def newest():
    return cluster_schemas.versions()[-1]


@pytest.fixture(scope="session")
def rendered():
    """rendered(feature, version) -> text."""
    return functools.lru_cache(maxsize=None)(chart.render)


@pytest.fixture
def documents(rendered, newest):
    return lambda feature: chart.objects(rendered(feature, newest))
