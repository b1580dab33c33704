"""The observation index: exact, weighted windows, and files that are checked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rlzero_ros.errors import BundleError, ErrorCode, ProjectError
from rlzero_ros.project.index import FAISS_FILE, OBSERVATIONS_FILE, ObservationIndex
from rlzero_ros.project.thumbnails import Thumbnails, encode_thumbnail

IndexMaker = Callable[..., ObservationIndex]


def unit(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Rows of length one."""
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


RNG = np.random.default_rng(0)
WINDOWS = unit(RNG.normal(size=(200, 3, 16)))
EVEN = np.full((1, 3), 1 / 3, np.float32)


def test_search_is_the_exact_weighted_mean_of_cosines(make_index: IndexMaker) -> None:
    index = make_index(WINDOWS)
    queries = unit(RNG.normal(size=(20, 3, 16)))
    weights = RNG.dirichlet(np.ones(3), 20).astype(np.float32)
    similarities, rows = index.search(queries, weights, k=5)
    exact = np.einsum("tfd,nfd,tf->tn", queries, WINDOWS, weights)
    np.testing.assert_allclose(similarities, -np.sort(-exact)[:, :5], atol=2e-3)
    assert (rows[:, 0] == exact.argmax(1)).mean() > 0.9


def test_the_score_counts_changes_as_documented(make_index: IndexMaker) -> None:
    index = make_index(WINDOWS)
    queries = unit(RNG.normal(size=(20, 3, 16)))
    weights = RNG.dirichlet(np.ones(3), 20).astype(np.float32)
    weights[:5] = [0.0, 0.6, 0.4]  # no frame before
    motion = 0.3
    cosines = np.einsum("tfd,nfd,tf->tn", queries, WINDOWS, weights)
    changes = np.diff(queries, axis=1)[:, None] - np.diff(WINDOWS, axis=1)[None]
    misses = np.square(changes).sum(-1)
    misses[:5, :, 0] = 0.0
    wanted = cosines - motion * misses.sum(-1)
    similarities, rows = index.search(queries, weights, motion, k=3)
    assert (rows[:, 0] == wanted.argmax(1)).mean() > 0.9
    np.testing.assert_allclose(
        np.take_along_axis(wanted, rows, 1), -np.sort(-wanted)[:, :3], atol=5e-3
    )
    np.testing.assert_allclose(similarities, np.take_along_axis(cosines, rows, 1), atol=2e-3)


def test_windows_tell_motions_apart_that_single_frames_cannot(make_index: IndexMaker) -> None:
    forward, still = unit(RNG.normal(size=(2, 3, 16)))
    backward = forward[::-1]
    still[1] = forward[1]
    index = make_index(np.stack([still, backward, forward]))
    _, rows = index.search(forward[None], EVEN)
    assert rows[0, 0] == 2
    similarities, _ = index.search(forward[None], np.array([[0, 1, 0]], np.float32), k=3)
    np.testing.assert_allclose(similarities, 1.0, atol=1e-2)


def test_saved_and_loaded_it_answers_the_same(make_index: IndexMaker, tmp_path: Path) -> None:
    index = make_index(WINDOWS, "model-abc", 0.04)
    index.chance_similarity = 0.25
    index.save(tmp_path)
    loaded = ObservationIndex.load(tmp_path)
    assert loaded.embedder_id == "model-abc"
    assert loaded.window_stride_s == 0.04
    assert loaded.chance_similarity == 0.25
    np.testing.assert_array_equal(loaded.observations, index.observations)
    np.testing.assert_array_equal(loaded.physics, index.physics)
    rows = np.arange(len(WINDOWS))
    np.testing.assert_array_equal(loaded.windows(rows), np.float32(WINDOWS.astype(np.float16)))
    np.testing.assert_array_equal(loaded.thumbnails.decode(7), index.thumbnails.decode(7))
    one, two = (
        index.search(WINDOWS, EVEN.repeat(200, 0)),
        loaded.search(WINDOWS, EVEN.repeat(200, 0)),
    )
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


def test_what_is_the_reference_survives_files_and_must_be_there(
    make_index: IndexMaker, tmp_path: Path
) -> None:
    index = make_index(unit(RNG.normal(size=(20, 3, 16))))
    assert index.reference_size == 20
    index.reference_size = 7
    index.save(tmp_path)
    assert ObservationIndex.load(tmp_path).reference_size == 7
    for size in (0, 21, -3):
        index.reference_size = size
        index.save(tmp_path)
        with pytest.raises(BundleError, match="no reference"):
            ObservationIndex.load(tmp_path)


def test_wrong_sizes_are_refused(make_index: IndexMaker, tmp_path: Path) -> None:
    index = make_index(WINDOWS)
    with pytest.raises(ProjectError, match="queries"):
        index.search(WINDOWS[:, :2], EVEN.repeat(200, 0))
    with pytest.raises(ProjectError, match="queries"):
        index.search(WINDOWS[:, :, :8], EVEN.repeat(200, 0))
    with pytest.raises(ProjectError, match="k must"):
        index.search(WINDOWS, EVEN.repeat(200, 0), k=201)
    with pytest.raises(ProjectError, match="windows"):
        make_index(np.full_like(WINDOWS, np.nan))
    index.save(tmp_path / "a")
    make_index(WINDOWS[:50]).save(tmp_path / "b")
    (tmp_path / "b" / FAISS_FILE).rename(tmp_path / "a" / FAISS_FILE)
    with pytest.raises(BundleError, match="does not fit together"):
        ObservationIndex.load(tmp_path / "a")


@pytest.mark.parametrize("name", [OBSERVATIONS_FILE, FAISS_FILE])
def test_missing_and_cut_files_are_named(make_index: IndexMaker, tmp_path: Path, name: str) -> None:
    make_index(WINDOWS).save(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BundleError, match=name):
        ObservationIndex.load(tmp_path)
    path.unlink()
    with pytest.raises(BundleError, match=name) as caught:
        ObservationIndex.load(tmp_path)
    assert caught.value.code == ErrorCode.BUNDLE_MISSING


def test_thumbnails_look_like_their_pictures() -> None:
    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    picture = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None], np.uint8(128)), axis=-1)
    pictures = [picture, picture[::-1], np.zeros_like(picture)]
    thumbnails = Thumbnails.pack([encode_thumbnail(p) for p in pictures])
    assert len(thumbnails) == 3
    for row, wanted in enumerate(pictures):
        assert np.abs(thumbnails.decode(row).astype(int) - wanted).mean() < 8
    with pytest.raises(ProjectError, match="damaged"):
        Thumbnails(thumbnails.data[:-1], thumbnails.ends)
