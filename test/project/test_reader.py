"""The reader: it chooses by what it reads, survives files, and learns from drawings."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from rlzero_ros.bundle import Bundle
from rlzero_ros.errors import BundleError, ProjectError
from rlzero_ros.evaluate.retrieval import HeldoutStates
from rlzero_ros.packing import pack_with_index
from rlzero_ros.pretrain import train_reader as module
from rlzero_ros.pretrain.drawn_windows import draw_windows
from rlzero_ros.pretrain.train_reader import (
    ReaderTraining,
    reader_of_more,
    shown_by,
    train_reader,
)
from rlzero_ros.project.embedder import load_embedder
from rlzero_ros.project.index import OBSERVATIONS_FILE, ObservationIndex
from rlzero_ros.project.reader import POSE_WEIGHT, SPEED_WEIGHT, WindowReader

RNG = np.random.default_rng(0)
ROWS, DIM, FEATURES = 200, 16, 5
WINDOWS = RNG.normal(size=(ROWS, 3, DIM))
WINDOWS = (WINDOWS / np.linalg.norm(WINDOWS, axis=-1, keepdims=True)).astype(np.float32)
EVEN = np.full((10, 3), 1 / 3, np.float32)


def random_reader(rows: int = ROWS, dim: int = DIM) -> WindowReader:
    sizes = (3 * dim, 8, 8, FEATURES)
    layers = list(zip(sizes[1:], sizes, strict=False))
    return WindowReader(
        tuple(RNG.normal(size=shape).astype(np.float16).astype(np.float32) for shape in layers),
        tuple(RNG.normal(size=b).astype(np.float32) for b, _ in layers),
        RNG.normal(size=3 * dim).astype(np.float32),
        RNG.uniform(0.5, 2.0, 3 * dim).astype(np.float32),
        (RNG.normal(scale=31.0, size=(rows, FEATURES)).round() / 31.0).astype(np.float16),
    )


def read_by_torch(reader: WindowReader, windows: NDArray[np.float32]) -> NDArray[np.float32]:
    before, now, after = torch.from_numpy(windows).unbind(1)
    x = torch.cat([now, after - before, before + after - 2 * now], 1)
    x = (x - torch.from_numpy(reader.mean)) / torch.from_numpy(reader.spread)
    for layer, (weight, bias) in enumerate(zip(reader.weights, reader.biases, strict=True)):
        x = torch.nn.functional.silu(x) if layer else x
        x = torch.nn.functional.linear(x, torch.from_numpy(weight), torch.from_numpy(bias))
    return x.numpy()


@pytest.fixture
def index(make_index: Callable[..., ObservationIndex]) -> ObservationIndex:
    index = make_index(WINDOWS)
    index.reader = random_reader()
    return index


def test_an_index_with_a_reader_chooses_by_what_it_reads(index: ObservationIndex) -> None:
    queries = WINDOWS[:10] + RNG.normal(scale=0.1, size=(10, 3, DIM)).astype(np.float32)
    assert index.reader is not None
    reader, index.reader = index.reader, None
    cosines, rows = index.search(queries, EVEN, k=48)
    index.reader = reader
    square = (read_by_torch(reader, queries)[:, None] - reader.shown[rows]) ** 2
    cost = POSE_WEIGHT * square[..., :-1].mean(-1) + SPEED_WEIGHT * square[..., -1]
    best = np.argsort(-(cosines - cost), axis=1)[:, :3]
    scores, found = index.search(queries, EVEN, k=3)
    np.testing.assert_array_equal(found, np.take_along_axis(rows, best, 1))
    np.testing.assert_allclose(scores, np.take_along_axis(cosines - cost, best, 1), atol=1e-4)
    assert (found[:, 0] != rows[:, 0]).any(), "the reader changes nothing here"


def test_without_neighbours_neither_changes_nor_speed_are_read(index: ObservationIndex) -> None:
    alone = np.tile(np.float32([0.0, 1.0, 0.0]), (10, 1))
    queries, others = WINDOWS[:10].copy(), WINDOWS[:10].copy()
    others[:, [0, 2]] = 7.0
    for one, other in zip(index.search(queries, alone), index.search(others, alone), strict=True):
        np.testing.assert_array_equal(one, other)
    reader = index.reader
    assert reader is not None
    rows = np.arange(10)[:, None]
    before = reader.disagreement(queries, alone, rows)
    reader.shown[:, -1] = 100.0
    np.testing.assert_array_equal(reader.disagreement(queries, alone, rows), before)
    assert (reader.disagreement(queries, EVEN, rows) > 100.0).all()


def test_saved_and_loaded_it_reads_the_same(index: ObservationIndex, tmp_path: Path) -> None:
    index.save(tmp_path)
    loaded = ObservationIndex.load(tmp_path)
    for one, other in zip(
        loaded.search(WINDOWS[:10], EVEN, k=5), index.search(WINDOWS[:10], EVEN, k=5), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_file_has_a_byte_for_a_feature_and_one_of_before_is_read(
    index: ObservationIndex, tmp_path: Path
) -> None:
    reader = index.reader
    assert reader is not None
    shown = np.linspace(-5.0, 5.0, reader.shown.size).reshape(reader.shown.shape)
    index.reader = replace(reader, shown=shown.astype(np.float16))
    index.save(tmp_path)
    loaded = ObservationIndex.load(tmp_path).reader
    assert loaded is not None
    np.testing.assert_allclose(loaded.shown, shown.clip(-4.1, 4.1), atol=0.02)
    path = tmp_path / OBSERVATIONS_FILE
    named = load_file(path)
    assert named["reader.shown"].dtype == np.int8
    before = reader.tensors() | {"reader.shown": reader.shown}
    read = WindowReader.of_tensors(before)
    assert read is not None
    np.testing.assert_array_equal(read.shown, reader.shown)


def test_more_rows_are_shown_as_a_readers_own_are() -> None:
    """What is shown of the second half of an index, from a reader that has only the first."""
    index = Bundle.load("walker").index()
    whole = index.reader
    assert whole is not None
    half = len(index) // 2
    index.reader = replace(whole, shown=whole.shown[:half])
    index.observations = index.observations[:half]
    more = reader_of_more("walker", index, index.physics)
    np.testing.assert_allclose(more.shown, whole.shown, atol=0.03)
    np.testing.assert_array_equal(more.weights[0], whole.weights[0])


def test_a_damaged_reader_is_refused(index: ObservationIndex, tmp_path: Path) -> None:
    index.save(tmp_path)
    path = tmp_path / OBSERVATIONS_FILE
    good = load_file(path)
    meta = {
        "format": "2",
        "embedder_id": "x",
        "window_stride_s": "0.2",
        "chance_similarity": "0.1",
    }
    missing = {name: tensor for name, tensor in good.items() if name != "reader.weight1"}
    endless = {**good, "reader.bias0": np.full_like(good["reader.bias0"], np.inf)}
    short = {**good, "reader.shown": good["reader.shown"][:50]}
    scalar = {**good, "reader.mean": np.array(1.0, np.float32)}
    narrow = {**good, "reader.weight1": good["reader.weight1"][:, :4]}
    for tensors, words in (
        (missing, "weight1"),
        (endless, "not finite"),
        (short, "of 50 observations"),
        (narrow, "do not fit together"),
        (scalar, "do not fit together"),
    ):
        save_file(tensors, path, metadata=meta)
        with pytest.raises(BundleError, match=words):
            ObservationIndex.load(tmp_path)


def test_parts_of_other_sizes_are_no_reader() -> None:
    reader = random_reader()
    with pytest.raises(ProjectError, match="do not fit together"):
        WindowReader(
            reader.weights[:2], reader.biases[:2], reader.mean, reader.spread, reader.shown
        )


def test_a_reader_learns_from_drawings_what_the_robot_does() -> None:
    bundle, embedder = Bundle.load("walker"), load_embedder()
    index, states = bundle.index(), HeldoutStates.load("walker")
    config = ReaderTraining(drawings=1, epochs=40)
    reader = train_reader("walker", states.physics, embedder, index, config)
    assert reader is not None
    assert len(reader.shown) == len(index)
    # The same states, drawn in styles that are not those of training.
    some = states.physics[:150]
    frames = draw_windows("walker", some, 3, False)
    windows = embedder.embed(frames.reshape(-1, *frames.shape[2:])).reshape(150, 3, -1)
    wanted = shown_by("walker", states.physics[:, 1])
    mean, spread = wanted.mean(0), wanted.std(0)
    read = reader.read(windows, np.tile(EVEN[:1], (150, 1)))
    error = np.square(read - (wanted[:150] - mean) / spread)
    assert error[:, :-1].mean() < 0.6  # 1 for whoever always says the mean
    speed, said = wanted[:150, -1], read[:, -1] * spread[-1] + mean[-1]
    moving = np.abs(speed) > 0.5
    assert (np.sign(said) == np.sign(speed))[moving].mean() > 0.8


class Blurred:
    """Embeds pictures as 64 grey cells, and is interrupted after so many calls."""

    id, dim = "blurred-0", 64

    def __init__(self, patience: int = 10**6) -> None:
        self.calls, self.patience = 0, patience

    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self.calls == self.patience:
            raise KeyboardInterrupt
        self.calls += 1
        cells = frames.reshape(len(frames), 8, 8, 8, 8, 3).mean((2, 4, 5)).reshape(-1, 64)
        return np.float32(cells / np.linalg.norm(cells, axis=1, keepdims=True))


def test_drawings_survive_an_interruption(tmp_path: Path) -> None:
    """The defect: eight minutes of drawing and embedding were lost."""
    index, physics = Bundle.load("walker").index(), HeldoutStates.load("walker").physics
    config = ReaderTraining(drawings=2, updates=20)
    whole, first, second = Blurred(), Blurred(4), Blurred()
    wanted = train_reader("walker", physics, whole, index, config)
    with pytest.raises(KeyboardInterrupt):
        train_reader("walker", physics, first, index, config, tmp_path / "work")
    reader = train_reader("walker", physics, second, index, config, tmp_path / "work")
    assert (whole.calls, second.calls) == (6, 2)
    assert wanted is not None
    assert reader is not None
    np.testing.assert_array_equal(reader.weights[0], wanted.weights[0])
    other = Blurred()  # of other windows nothing is taken
    train_reader("walker", physics[::-1].copy(), other, index, config, tmp_path / "work")
    assert other.calls == 6


def test_few_windows_and_robots_without_a_figure_have_no_reader(
    index: ObservationIndex,
) -> None:
    physics = HeldoutStates.load("walker").physics
    embedder = load_embedder()
    assert train_reader("walker", physics[:100], embedder, index) is None
    assert train_reader("hopper", physics, embedder, index) is None


def test_a_bundle_with_another_index_is_otherwise_the_same(tmp_path: Path) -> None:
    bundle = Bundle.load("walker")
    index = bundle.index()
    index.reader = random_reader(len(index), index.dim)
    index.save(tmp_path / "index")
    packed = pack_with_index(bundle, tmp_path / "index", tmp_path / "it", "a command")
    assert packed.index().reader is not None
    assert packed.spec == bundle.spec
    np.testing.assert_allclose(packed.hold_latent, bundle.hold_latent, atol=1e-6)
    kept = ("bfm", "embedder", "robot")
    assert all(packed.manifest[name] == bundle.manifest[name] for name in kept)
    commands = bundle.manifest["origin"]["commands"]
    assert packed.manifest["origin"]["commands"] == [*commands, "a command"]
    state, before = packed.bfm().state_dict(), bundle.bfm().state_dict()
    assert all(torch.equal(state[name], before[name]) for name in before)


def test_a_place_where_no_bundle_may_be_written_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").write_text("mine")
    for place in (tmp_path, tmp_path / "notes"):
        told = ["--data", str(tmp_path / "nowhere"), "--bundle", "walker", "--out", str(place)]
        assert module.main(told) == 2
        assert "is no bundle" in capsys.readouterr().err
    assert (tmp_path / "notes").read_text() == "mine"


def test_a_bundle_or_data_that_is_missing_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for bundle, words in (("nobody", "nobody"), ("walker", "nowhere")):
        told = ["--data", str(tmp_path / "nowhere"), "--bundle", bundle]
        assert module.main([*told, "--out", str(tmp_path / "out")]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
