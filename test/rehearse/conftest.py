"""The shipped walker, and plans for it."""

import pytest

from rlzero_ros.bundle import Bundle
from rlzero_ros.imagine.registry import load_imaginer
from rlzero_ros.pipeline import Pipeline


@pytest.fixture(scope="session")
def walker():
    return Bundle.load("walker")


@pytest.fixture(scope="session")
def pipeline(walker):
    return Pipeline(walker, load_imaginer("storyboard"), variations=2)


@pytest.fixture(scope="session")
def lying(pipeline):
    """The plan of a sentence."""
    return pipeline.plan("lie down", seed=1)
