"""Projection: from clips to observations."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rlzero_ros.errors import BundleError, ErrorCode, ProjectError
from rlzero_ros.imagine.clip import Clip
from rlzero_ros.project.embedder import load_embedder
from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.project.projection import (
    SINGLE_FRAME,
    Projection,
    chance_similarity,
    clip_windows,
    confidence,
    project,
)

FolderMaker = Callable[..., Path]
IndexMaker = Callable[..., ObservationIndex]
FRAMES = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)


def test_a_clip_of_known_frames_finds_them_again(
    model_folder: FolderMaker, make_index: IndexMaker
) -> None:
    embedder = load_embedder(str(model_folder("clip")))
    embedded = embedder.embed(FRAMES)
    windows = np.stack([embedded[:-2], embedded[1:-1], embedded[2:]], axis=1)
    index = make_index(windows, embedder.id, stride_s=0.05)
    clip = Clip(FRAMES[1:-1], 20.0, "noise", "test")
    projection = project(clip, embedder, index, spread=0.0)
    np.testing.assert_array_equal(projection.indices, np.arange(10))
    np.testing.assert_array_equal(projection.observations, index.observations)
    assert projection.observations.dtype == np.float32
    np.testing.assert_allclose(projection.similarities, 1.0, atol=5e-3)
    assert confidence(projection) == pytest.approx(1.0, abs=5e-3)
    one = Clip(FRAMES[4:5], 20.0, "one", "test")
    assert project(one, embedder, index, SINGLE_FRAME, spread=0.0).indices.tolist() == [3]


def test_frames_that_look_the_same_take_turns_among_equals(
    model_folder: FolderMaker, make_index: IndexMaker
) -> None:
    embedder = load_embedder(str(model_folder("clip")))
    here, there = embedder.embed(FRAMES[:1])[0], np.eye(embedder.dim, dtype=np.float32)[0]
    there = there - (there @ here) * here
    # Three rows as good as the frame itself to within 0.03, three that are not.
    rows = [here, here + 0.02 * there, here + 0.04 * there, here + there, there, -here]
    unit = [row / np.linalg.norm(row) for row in rows]
    index = make_index(np.stack(unit)[:, None].repeat(3, axis=1), embedder.id)
    clip = Clip(FRAMES[[0] * 6], 20.0, "still", "test")
    assert sorted(project(clip, embedder, index).indices.tolist()) == [0, 0, 1, 1, 2, 2]
    assert project(clip, embedder, index, spread=0.0).indices.tolist() == [0] * 6


def test_another_embedder_is_refused(model_folder: FolderMaker, make_index: IndexMaker) -> None:
    embedder = load_embedder(str(model_folder("clip")))
    index = make_index(np.ones((3, 3, embedder.dim), np.float32) / embedder.dim**0.5, "other-1")
    with pytest.raises(BundleError, match="other-1") as caught:
        project(Clip(FRAMES, 20.0, "noise", "test"), embedder, index)
    assert caught.value.code == ErrorCode.BUNDLE_MISMATCH


@pytest.mark.parametrize("weights", [(0.5, 0.0, 0.5), (-1.0, 1.0, 1.0), (0.0, np.nan, 0.0)])
def test_unusable_weights_are_refused(
    model_folder: FolderMaker, make_index: IndexMaker, weights: tuple[float, float, float]
) -> None:
    embedder = load_embedder(str(model_folder("clip")))
    index = make_index(np.ones((3, 3, embedder.dim), np.float32), embedder.id)
    with pytest.raises(ProjectError, match="weights"):
        project(Clip(FRAMES, 20.0, "noise", "test"), embedder, index, weights)


def test_windows_keep_their_stride_whatever_the_frame_rate() -> None:
    weights = (0.25, 0.5, 0.25)
    rows, shares = clip_windows(6, 20.0, 0.05, weights)
    assert rows[2].tolist() == [1, 2, 3]
    np.testing.assert_allclose(shares[2], weights)
    # At the ends there is no neighbour: the frames that exist share the weight.
    np.testing.assert_allclose(shares[0], [0, 2 / 3, 1 / 3], atol=1e-6)
    rows, shares = clip_windows(12, 60.0, 0.05, weights)
    assert rows[5].tolist() == [2, 5, 8]
    # Eight frames a second cannot show what happens within 50 ms.
    _, shares = clip_windows(6, 8.0, 0.05, weights)
    np.testing.assert_allclose(shares, np.tile([0, 1, 0], (6, 1)))
    _, shares = clip_windows(1, 20.0, 0.05, weights)
    np.testing.assert_allclose(shares, [[0, 1, 0]])


def test_confidence_is_nothing_for_pictures_of_nothing(
    model_folder: FolderMaker, make_index: IndexMaker
) -> None:
    embedder = load_embedder(str(model_folder("clip")))
    index = make_index(embedder.embed(FRAMES)[:, None].repeat(3, axis=1), embedder.id)
    index.chance_similarity = chance_similarity(embedder, index)
    assert -1 < index.chance_similarity < 1
    blob = np.random.default_rng(7).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)
    nothing = Clip(blob.repeat(6, axis=0).repeat(8, axis=1).repeat(8, axis=2), 20.0, "", "test")
    known = Clip(FRAMES[[3] * 6], 20.0, "", "test")
    assert confidence(project(known, embedder, index)) > 0.8
    assert confidence(project(nothing, embedder, index)) < 0.5


def test_confidence_lies_between_chance_and_certainty() -> None:
    def of(similarity: float) -> float:
        similarities = np.full(4, similarity, np.float32)
        return confidence(Projection(np.zeros((4, 2), np.float32), similarities, np.arange(4), 0.6))

    assert of(0.5) == 0.0
    assert of(0.8) == pytest.approx(0.5, abs=1e-5)
    assert of(1.0) == pytest.approx(1.0, abs=1e-5)
