"""The pose matcher: its files, what an index does with its codes, and who may use it."""

import resource
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from rlzero_ros.bundle import Bundle
from rlzero_ros.errors import BundleError, ProjectError
from rlzero_ros.evaluate.retrieval import HeldoutStates
from rlzero_ros.imagine.clip import Clip
from rlzero_ros.pretrain.drawn_windows import draw_windows
from rlzero_ros.pretrain.figure_observations import observed_angles, observed_forward_speed
from rlzero_ros.pretrain.match_poses import pose_codes
from rlzero_ros.pretrain.poses import pose_error
from rlzero_ros.project.embedder import load_embedder
from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.project.pose_codes import LIKELIHOOD_WEIGHT, PoseCodes
from rlzero_ros.project.pose_matcher import (
    POSE_MATCHER_FILE,
    MatcherSizes,
    PictureCoder,
    PoseCoder,
    PoseMatcher,
    zoomed,
)
from rlzero_ros.project.projection import check_embedder, project
from rlzero_ros.robots.registry import load_robot

RNG = np.random.default_rng(0)
ROWS, DIM = 200, 16
WINDOWS = RNG.normal(size=(ROWS, 3, DIM))
WINDOWS = (WINDOWS / np.linalg.norm(WINDOWS, axis=-1, keepdims=True)).astype(np.float32)
EVEN = np.full((10, 3), 1 / 3, np.float32)
SIZES = MatcherSizes(shown=7, dim=4, side=32, hidden=8, pose_hidden=8)


def random_matcher(seed: int = 0, embedder_id: str = "test-0") -> PoseMatcher:
    """A small one, whose norms let a signal through that random weights would lose.

    It sees motion, which one that has learnt nothing does not.
    """
    torch.manual_seed(seed)
    coders = {"pictures": PictureCoder(SIZES), "poses": PoseCoder(SIZES)}
    tensors = {
        f"{name}.{key}": value * 0.05 if "running_var" in key else value
        for name, coder in coders.items()
        for key, value in coder.state_dict().items()
    }
    motion = tensors["pictures.motion.3.weight"]
    tensors["pictures.motion.3.weight"] = torch.randn(motion.shape)
    return PoseMatcher(SIZES, tensors, embedder_id, "a command")


@pytest.fixture
def index(make_index: Callable[..., ObservationIndex]) -> ObservationIndex:
    index = make_index(WINDOWS)
    index.pose_codes = PoseCodes("m", RNG.normal(size=(ROWS, 4)).astype(np.float16))
    return index


def test_saved_and_loaded_it_gives_the_same_codes(tmp_path: Path) -> None:
    random_matcher().save(tmp_path)
    one, other = PoseMatcher.load(tmp_path), PoseMatcher.load(tmp_path)
    assert one.id == other.id != random_matcher(1).id
    assert one.made == "a command"
    images = torch.randn(5, 3, 32, 32)
    rows, whole = np.array([[0, 1, 2], [2, 3, 4]]), np.ones(2, bool)
    codes = one.code_windows(images, rows, whole)
    np.testing.assert_array_equal(codes, other.code_windows(images, rows, whole))
    # Half precision moves them by less than they differ by far.
    unrounded = random_matcher().code_windows(images, rows, whole)
    assert np.abs(codes - unrounded).max() < 0.05 * np.abs(codes[0] - codes[1]).max()
    shown = RNG.normal(size=(3, 7)).astype(np.float32)
    np.testing.assert_array_equal(one.code_poses(shown), other.code_poses(shown))


def test_a_window_that_lacks_a_picture_is_seen_as_if_nothing_moved() -> None:
    matcher, images = random_matcher(), torch.randn(5, 3, 32, 32)
    rows = np.array([[0, 1, 2], [0, 1, 2], [1, 1, 1]])
    moving, lacking, still = matcher.code_windows(images, rows, np.array([True, False, True]))
    np.testing.assert_allclose(lacking, still, atol=1e-6)
    assert np.abs(moving - still).max() > 1e-3


def test_many_windows_are_coded_as_few_are() -> None:
    matcher, images = random_matcher(), torch.randn(150, 3, 32, 32)
    rows = np.arange(150).reshape(-1, 3).repeat(3, axis=0)
    codes = matcher.code_windows(images, rows, np.ones(len(rows), bool))
    some = matcher.code_windows(images, rows[100:], np.ones(50, bool))
    np.testing.assert_allclose(codes[100:], some, atol=1e-5)


def test_a_zoomed_picture_keeps_its_size_and_its_middle() -> None:
    picture = torch.zeros(1, 3, 96, 96)
    picture[..., 38:58, 38:58] = 1.0
    for zoom in (0.93, 1.1):
        other = zoomed(picture, zoom)
        assert other.shape == picture.shape
        assert abs(float(other.mean() / picture.mean()) - zoom**2) < 0.05
        rows = (other[0, 0] > 0.5).nonzero().float()
        assert (rows.mean(0) - 47.5).abs().max() <= 1.0
    edges = zoomed(torch.rand(1, 3, 96, 96), 0.93)
    torch.testing.assert_close(edges[..., 0, 10], edges[..., 2, 10])
    assert zoomed(picture, 1.0) is picture


def test_a_damaged_matcher_is_refused(tmp_path: Path) -> None:
    random_matcher().save(tmp_path)
    path = tmp_path / POSE_MATCHER_FILE
    good = load_file(path)
    meta = {"embedder_id": "test-0", "sizes": "7 4 32 8 8"}
    missing = {name: tensor for name, tensor in good.items() if name != "poses.net.0.bias"}
    endless = {**good, "poses.net.0.bias": torch.full_like(good["poses.net.0.bias"], torch.inf)}
    for tensors, header, words in (
        (missing, meta, "net.0.bias"),
        (endless, meta, "not finite"),
        (good, {**meta, "sizes": "7 4 32 9 8"}, "do not fit"),
        (good, {**meta, "sizes": "many"}, "many"),
        (good, {"sizes": "7 4 32 8 8"}, "embedder_id"),
    ):
        save_file(tensors, path, metadata=header)
        with pytest.raises(ProjectError, match=words) as caught:
            PoseMatcher.load(tmp_path)
        assert str(path) in caught.value.message
    path.write_bytes(b"short")
    with pytest.raises(ProjectError, match=POSE_MATCHER_FILE):
        PoseMatcher.load(tmp_path)


def test_where_it_cannot_be_written_the_one_before_stays(
    tmp_path: Path,
) -> None:
    """A real limit of the file's size, as of a disk that is full."""
    random_matcher().save(tmp_path)
    before = PoseMatcher.load(tmp_path).id
    with pytest.raises(ProjectError, match="cannot write"):
        random_matcher(1).save(tmp_path / "nowhere")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(ProjectError, match=f"cannot write {tmp_path}"):
            random_matcher(1).save(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert PoseMatcher.load(tmp_path).id == before
    assert [path.name for path in tmp_path.iterdir()] == [POSE_MATCHER_FILE]


def test_a_matcher_of_another_embedder_is_refused(
    model_folder: Callable[..., Path],
) -> None:
    folder = model_folder("clip")
    random_matcher(embedder_id="other-1").save(folder)
    with pytest.raises(ProjectError, match="goes with embedder other-1"):
        load_embedder(str(folder))
    assert load_embedder(str(folder), matcher=False).matcher is None


def test_an_index_with_pose_codes_takes_what_is_alike_and_likely(index: ObservationIndex) -> None:
    queries = WINDOWS[:10] + RNG.normal(scale=0.3, size=(10, 3, DIM)).astype(np.float32)
    seen = 3.0 * RNG.normal(size=(10, 4)).astype(np.float32)
    assert index.pose_codes is not None
    likely = seen @ index.pose_codes.codes.astype(np.float32).T
    cosines, alike = index.search(queries, EVEN, k=ROWS)
    everything = np.empty_like(cosines)
    np.put_along_axis(everything, alike, cosines, 1)
    everything += LIKELIHOOD_WEIGHT * (likely - likely.max(1, keepdims=True)).clip(-12.0)
    # Looked at are the 48 most alike and the 48 likeliest.
    least = np.sort(likely, 1)[:, [-48]]
    looked = likely >= least
    np.put_along_axis(looked, alike[:, :48], True, 1)
    everything[~looked] = -np.inf
    best = np.argsort(-everything, axis=1)[:, :5]
    scores, rows = index.search(queries, EVEN, k=5, seen=seen)
    np.testing.assert_array_equal(rows, best)
    np.testing.assert_allclose(scores, np.take_along_axis(everything, best, 1), atol=2e-3)
    assert (rows[:, 0] != alike[:, 0]).any(), "the codes change nothing here"
    assert any(row not in alike[n, :48] for n, row in enumerate(rows[:, 0])), "nor look further"


def test_no_row_is_found_twice(index: ObservationIndex) -> None:
    seen = RNG.normal(size=(10, 4)).astype(np.float32)
    _, rows = index.search(WINDOWS[:10], EVEN, k=60, seen=seen)
    assert rows.shape == (10, 60)
    assert all(len(set(row)) == 60 for row in rows.tolist())
    _, rows = index.search(WINDOWS[:10], EVEN, k=ROWS, seen=seen)
    assert all(len(set(row)) == ROWS for row in rows.tolist())


def test_without_codes_of_the_pictures_an_index_searches_as_before(
    index: ObservationIndex,
) -> None:
    found = index.search(WINDOWS[:10], EVEN, k=5)
    index.pose_codes = None
    seen = RNG.normal(size=(10, 4)).astype(np.float32)
    for one, other in zip(found, index.search(WINDOWS[:10], EVEN, k=5, seen=seen), strict=True):
        np.testing.assert_array_equal(one, other)


def test_codes_survive_files_and_must_be_of_every_row(
    index: ObservationIndex, tmp_path: Path
) -> None:
    index.save(tmp_path)
    loaded = ObservationIndex.load(tmp_path)
    assert loaded.pose_codes is not None
    assert index.pose_codes is not None
    assert loaded.pose_codes.matcher_id == "m"
    np.testing.assert_array_equal(loaded.pose_codes.codes, index.pose_codes.codes)
    index.pose_codes = PoseCodes("m", index.pose_codes.codes[:50])
    index.save(tmp_path)
    with pytest.raises(BundleError, match="of 50 observations"):
        ObservationIndex.load(tmp_path)
    with pytest.raises(ProjectError, match="finite"):
        PoseCodes("m", np.full((5, 4), np.nan, np.float16))


class Blind:
    """An embedder without a matcher, of the shipped one's id."""

    id, dim = "", 64

    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise AssertionError("it is refused before it looks")


def test_an_index_asks_for_the_matcher_that_made_its_codes() -> None:
    bundle, embedder = Bundle.load("walker"), load_embedder()
    index = bundle.index()
    assert index.pose_codes is not None
    check_embedder(embedder, index)
    blind = Blind()
    blind.id = embedder.id
    clip = Clip(np.zeros((4, 64, 64, 3), np.uint8), fps=20.0, prompt="", source="")
    for other in (blind, load_embedder(matcher=False)):
        with pytest.raises(BundleError, match="has none"):
            project(clip, other, index)
    index.pose_codes = PoseCodes("another", index.pose_codes.codes)
    with pytest.raises(BundleError, match="made with pose matcher another"):
        project(clip, embedder, index)


@pytest.mark.parametrize("robot", ["walker", "stickman"])
def test_the_shipped_codes_are_of_the_shipped_matcher_and_poses(robot: str) -> None:
    index, embedder = Bundle.load(robot).index(), load_embedder()
    made = pose_codes(robot, index.physics, embedder)
    assert made is not None
    assert index.pose_codes is not None
    assert made.matcher_id == index.pose_codes.matcher_id
    apart = np.abs(made.codes.astype(np.float32) - index.pose_codes.codes.astype(np.float32))
    assert apart.max() < 0.05
    assert index.pose_codes.codes.std() > 0.5


@pytest.mark.parametrize("robot", ["walker", "stickman"])
def test_the_shipped_matcher_finds_poses_and_motion_in_styles_that_it_never_saw(
    robot: str,
) -> None:
    """The defect: with the pictures joined in its first layer it hardly saw which way they move."""
    index, embedder, states = Bundle.load(robot).index(), load_embedder(), HeldoutStates.load(robot)
    assert index.pose_codes is not None
    spec, physics, observations = load_robot(robot).spec, states.physics, states.observations
    shown, speed = observed_angles(spec, observations), observed_forward_speed(spec, observations)
    some, fast = np.arange(120), np.flatnonzero(np.abs(speed) > 1.0)[:80]
    rows = np.union1d(some, fast)
    frames = draw_windows(robot, physics[rows], 11, False)
    windows = np.arange(3 * len(rows)).reshape(-1, 3)
    seen = embedder.match(frames.reshape(-1, *frames.shape[2:]), windows, np.ones(len(rows), bool))
    likeliest = (seen @ index.pose_codes.codes.astype(np.float32).T).argmax(1)
    found = index.observations[likeliest]
    right = pose_error(shown[rows], observed_angles(spec, found)) < np.deg2rad(15.0)
    assert right[np.isin(rows, some)].mean() > 0.65
    same = np.sign(observed_forward_speed(spec, found)) == np.sign(speed[rows])
    assert same[np.isin(rows, fast)].mean() > 0.8


def test_the_shipped_matcher_says_how_it_was_made_wherever_it_is_read() -> None:
    """The defect: the command had the paths of the machine that ran it."""
    matcher = load_embedder().matcher
    assert matcher is not None
    words = matcher.made.split()
    assert words[:3] == ["python", "-m", "rlzero_ros.pretrain.train_pose_matcher"]
    assert not [word for word in words if word.startswith(("/", "~"))]


def test_other_figures_and_embedders_have_no_codes() -> None:
    physics = Bundle.load("cheetah").index().physics
    assert pose_codes("cheetah", physics, load_embedder()) is None
    walker = Bundle.load("walker").index().physics
    assert pose_codes("walker", walker, load_embedder(matcher=False)) is None
    assert pose_codes("hopper", walker, load_embedder()) is None
