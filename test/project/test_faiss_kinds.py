"""Kinds of observation indexes: as good as the exact one, or they say how much worse."""

import struct
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from rlzero_ros.errors import BundleError, ProjectError
from rlzero_ros.project.faiss_kinds import HNSW_FROM, IVFPQ_FROM, kind_for, make_faiss
from rlzero_ros.project.index import FAISS_FILE, ObservationIndex

IndexMaker = Callable[..., ObservationIndex]
EVEN = (0.15, 0.7, 0.15)


@pytest.fixture(scope="module")
def windows() -> NDArray[np.float32]:
    """1500 windows about 150 places, as embeddings of poses lie."""
    rng = np.random.default_rng(0)
    places = rng.normal(size=(150, 1, 16)).repeat(10, axis=0)
    found = places + 0.25 * rng.normal(size=(1500, 3, 16))
    return (found / np.linalg.norm(found, axis=-1, keepdims=True)).astype(np.float32)


def test_the_kind_follows_from_the_size() -> None:
    sizes = (100, HNSW_FROM - 1, HNSW_FROM, IVFPQ_FROM - 1, IVFPQ_FROM)
    assert [kind_for(n) for n in sizes] == ["flat", "flat", "hnsw", "hnsw", "ivfpq"]


@pytest.mark.parametrize(
    ("kind", "recall"), [("flat", 0.99), ("sq8", 0.95), ("hnsw", 0.9), ("ivfpq", 0.6)]
)
def test_every_kind_finds_what_the_exact_one_finds(
    make_index: IndexMaker,
    windows: NDArray[np.float32],
    tmp_path: Path,
    kind: str,
    recall: float,
) -> None:
    index = make_index(windows, kind=kind)
    assert index.kind == kind
    assert index.recall(windows, EVEN, 0.1) >= recall
    index.save(tmp_path)
    loaded = ObservationIndex.load(tmp_path)
    assert loaded.kind == kind
    queries, weights = windows[:50], np.tile(np.float32(EVEN), (50, 1))
    for one, two in zip(
        index.search(queries, weights, 0.1, 3), loaded.search(queries, weights, 0.1, 3), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    rows = loaded.search(queries, weights, 0.1)[1][:, 0]
    assert (rows // 10 == np.arange(50) // 10).mean() > 0.9


def test_codes_cost_less_than_vectors(windows: NDArray[np.float32]) -> None:
    many = np.concatenate([windows.reshape(1500, -1)] * 4)
    kinds = ("flat", "sq8", "ivfpq")
    sizes = {k: len(faiss.serialize_index(make_faiss(many, k))) for k in kinds}
    assert sizes["sq8"] < 0.51 * sizes["flat"]
    assert sizes["ivfpq"] < 0.5 * sizes["flat"]


@pytest.mark.parametrize("kind", ["flat", "sq8"])
def test_damaged_quantised_files_are_refused(
    make_index: IndexMaker, windows: NDArray[np.float32], tmp_path: Path, kind: str
) -> None:
    """Every number of the header, one at a time, and ranges that are none."""
    make_index(windows, kind=kind).save(tmp_path)
    path = tmp_path / FAISS_FILE
    whole = path.read_bytes()
    sizes = {"d": (4, "<i"), "n": (8, "<q"), "metric": (33, "<i"), "quantiser": (37, "<i")}
    sizes |= {"inner d": (49, "<Q"), "code": (57, "<Q"), "ranges": (65, "<Q")}
    for at, form in sizes.values():
        (value,) = struct.unpack_from(form, whole, at)
        for other in (value + 1, 0 if value else 2, 2**30):
            broken = bytearray(whole)
            struct.pack_into(form, broken, at, other)
            path.write_bytes(broken)
            with pytest.raises(BundleError, match="damaged"):
                ObservationIndex.load(tmp_path)
    for broken in (whole[:-1], whole + b"x", whole[:80]):
        path.write_bytes(broken)
        with pytest.raises(BundleError, match="damaged"):
            ObservationIndex.load(tmp_path)
    if kind == "sq8":
        path.write_bytes(whole[:73] + struct.pack("<f", np.inf) + whole[77:])
        with pytest.raises(BundleError, match="damaged"):
            ObservationIndex.load(tmp_path)
    path.write_bytes(whole)
    assert ObservationIndex.load(tmp_path).kind == kind


@pytest.mark.parametrize("kind", ["hnsw", "ivfpq"])
def test_damaged_approximate_files_are_refused_by_a_process_of_their_own(
    make_index: IndexMaker, windows: NDArray[np.float32], tmp_path: Path, kind: str
) -> None:
    make_index(windows, kind=kind).save(tmp_path)
    path = tmp_path / FAISS_FILE
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BundleError, match="damaged"):
        ObservationIndex.load(tmp_path)
    # Links and entries of lists that lead far outside: the vectors come after the graph, the
    # lists come last.
    after = 1500 * (3 * 16 + 2) * 4 + 20_000 if kind == "hnsw" else 6000
    path.write_bytes(whole[:-after] + b"\x7f" * 5000 + whole[5000 - after :])
    with pytest.raises(BundleError, match="damaged"):
        ObservationIndex.load(tmp_path)


def test_unknown_kinds_and_too_few_vectors_are_refused(
    make_index: IndexMaker, windows: NDArray[np.float32]
) -> None:
    with pytest.raises(ProjectError, match="kind of index 'annoy'"):
        make_index(windows, kind="annoy")
    with pytest.raises(ProjectError, match="256 vectors"):
        make_index(windows[:100], kind="ivfpq")
