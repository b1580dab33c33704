"""The pose matcher: its files, what an index does with its codes, and who may use it."""

import resource
import signal
from collections.abc import Callable
from dataclasses import replace
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
from rlzero_ros.pretrain.poses import HUMAN, pose_error
from rlzero_ros.project.embedder import load_embedder
from rlzero_ros.project.index import OBSERVATIONS_FILE, ObservationIndex
from rlzero_ros.project.limbs import Limbs
from rlzero_ros.project.pose_codes import RIGHT_WEIGHT, PoseCodes
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


def random_limbs(rows: int) -> Limbs:
    """Of three kinds of poses, so that some are near to others."""
    angles = RNG.integers(0, 3, (rows, 1)) + RNG.normal(scale=0.15, size=(rows, 7))
    speeds = RNG.normal(size=rows)
    exchanges = np.asarray(HUMAN.exchanges, np.int8)
    return Limbs(angles.astype(np.float16), speeds.astype(np.float16), exchanges)


@pytest.fixture
def index(make_index: Callable[..., ObservationIndex]) -> ObservationIndex:
    index = make_index(WINDOWS)
    index.pose_codes = PoseCodes.rounded("m", RNG.normal(size=(ROWS, 4)), random_limbs(ROWS))
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


def test_an_index_with_pose_codes_takes_what_is_alike_and_probably_right(
    index: ObservationIndex,
) -> None:
    queries = WINDOWS[:10] + RNG.normal(scale=0.3, size=(10, 3, DIM)).astype(np.float32)
    seen = 5.0 * RNG.normal(size=(10, 4)).astype(np.float32)
    codes = index.pose_codes
    assert codes is not None
    cosines, alike = index.search(queries, EVEN, k=ROWS)
    scores, rows = index.search(queries, EVEN, k=7, seen=seen)
    changed, further, other = 0, 0, 0
    for n, likely in enumerate(seen @ (codes.codes * codes.scale).T):
        cosine = dict(zip(alike[n].tolist(), cosines[n], strict=True))
        # Looked at are the 48 most alike and the 96 likeliest.
        looked = np.union1d(alike[n, :48], np.argsort(-likely)[:96])
        share = np.exp((likely[looked] - likely.max()) / 0.7)
        share /= share.sum()
        right = codes.limbs.right(looked[None])[0]
        score = np.array([cosine[row] for row in looked.tolist()])
        total = score + RIGHT_WEIGHT * np.log((right @ share).clip(np.exp(-12.0), 1.0))
        wanted, left, rest = [], share, score.copy()
        for _ in range(5):  # the best, then what is most probably right if those are not
            best = int((rest + RIGHT_WEIGHT * np.log((right @ left).clip(np.exp(-12.0)))).argmax())
            wanted.append(best)
            rest[best] = -np.inf
            left = left * (1.0 - right[best])
        wanted += [one for one in np.argsort(-total).tolist() if one not in wanted][:2]
        np.testing.assert_array_equal(rows[n], looked[wanted])
        np.testing.assert_allclose(scores[n], total[wanted], atol=2e-3)
        assert scores[n].argmax() == 0
        changed += rows[n, 0] != alike[n, 0]
        further += np.isin(rows[n], alike[n, :48], invert=True).any()
        other += (np.diff(scores[n]) > 0.0).any()
    assert changed, "the codes change nothing here"
    assert further, "nor look further"
    assert other, "nor for anything else"


def test_of_likely_poses_the_one_that_others_agree_with_is_taken(
    make_index: Callable[..., ObservationIndex],
) -> None:
    """The defect: the likeliest alone was right less often than what several likely ones show."""
    angles = np.zeros((ROWS, 7), np.float16)
    angles[0] = 2.0
    angles[1:4] += np.float16([[0.0], [0.08], [-0.08]])
    angles[4:] = np.linspace(3.0, 60.0, ROWS - 4)[:, None]
    codes = np.full((ROWS, 4), -20.0)
    codes[:4] = np.array([[1.0], [0.9], [0.7], [0.7]])
    limbs = Limbs(angles, np.zeros(ROWS, np.float16), np.asarray(HUMAN.exchanges, np.int8))
    index = make_index(np.tile(WINDOWS[:1], (ROWS, 1, 1)))
    index.pose_codes = PoseCodes.rounded("m", codes, limbs)
    _, rows = index.search(
        np.tile(WINDOWS[:1], (2, 1, 1)), EVEN[:2], k=5, seen=np.ones((2, 4), np.float32)
    )
    assert rows[:, :2].tolist() == [[1, 0], [1, 0]]


def test_many_windows_are_looked_for_as_few_are(index: ObservationIndex) -> None:
    queries = np.tile(WINDOWS, (2, 1, 1))
    seen = RNG.normal(size=(2 * ROWS, 4)).astype(np.float32)
    even = np.full((2 * ROWS, 3), 1 / 3, np.float32)
    scores, rows = index.search(queries, even, k=5, seen=seen)
    some = slice(333, 347)
    few = index.search(queries[some], even[some], k=5, seen=seen[some])
    np.testing.assert_array_equal(rows[some], few[1])
    np.testing.assert_allclose(scores[some], few[0], atol=1e-5)


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
    seen = RNG.normal(size=(10, 4)).astype(np.float32)
    for one, other in zip(
        loaded.search(WINDOWS[:10], EVEN, k=5, seen=seen),
        index.search(WINDOWS[:10], EVEN, k=5, seen=seen),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    index.pose_codes = PoseCodes.rounded("m", RNG.normal(size=(50, 4)), random_limbs(50))
    index.save(tmp_path)
    with pytest.raises(BundleError, match="of 50 observations"):
        ObservationIndex.load(tmp_path)
    with pytest.raises(ProjectError, match="finite"):
        PoseCodes.rounded("m", np.full((5, 4), np.nan), random_limbs(5))
    with pytest.raises(ProjectError, match="limbs of 4 poses"):
        PoseCodes.rounded("m", RNG.normal(size=(5, 4)), random_limbs(4))


def test_a_byte_a_number_moves_codes_by_little() -> None:
    codes = RNG.normal(size=(500, 4)) * [0.01, 1.0, 30.0, 0.0]
    rounded = PoseCodes.rounded("m", codes, random_limbs(500))
    off = np.abs(rounded.unrounded - codes).max(0)
    assert (off <= np.abs(codes).max(0) / 250).all()


def test_codes_of_before_and_damaged_ones_are_refused(
    index: ObservationIndex, tmp_path: Path
) -> None:
    index.save(tmp_path)
    path = tmp_path / OBSERVATIONS_FILE
    good = load_file(path)
    meta = {"format": "2", "embedder_id": "x", "window_stride_s": "0.2", "chance_similarity": "0"}
    limbs = {name for name in good if name.startswith("pose_") and name != "pose_codes.m"}
    before = {name: tensor for name, tensor in good.items() if name not in limbs}
    before["pose_codes.m"] = before["pose_codes.m"].half()
    save_file(before, path, metadata=meta)
    with pytest.raises(BundleError, match=r"lack pose_scale, pose_angles.* 'rlzero index'"):
        ObservationIndex.load(tmp_path)
    for name, tensor in (
        ("pose_scale", good["pose_scale"][:3]),
        ("pose_scale", torch.full_like(good["pose_scale"], torch.nan)),
        ("pose_angles", good["pose_angles"][:50]),
        ("pose_speeds", good["pose_speeds"][:50]),
        ("pose_exchanges", good["pose_exchanges"] + 1),
        ("pose_codes.m", good["pose_codes.m"][0]),
    ):
        save_file({**good, name: tensor}, path, metadata=meta)
        with pytest.raises(BundleError, match=str(path)):
            ObservationIndex.load(tmp_path)
    save_file({n: t for n, t in good.items() if n != "pose_speeds"}, path, metadata=meta)
    with pytest.raises(BundleError, match="pose_speeds"):
        ObservationIndex.load(tmp_path)


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
    index.pose_codes = replace(index.pose_codes, matcher_id="another")
    with pytest.raises(BundleError, match="made with pose matcher another"):
        project(clip, embedder, index)


@pytest.mark.parametrize("robot", ["walker", "stickman"])
def test_the_shipped_codes_are_of_the_shipped_matcher_and_poses(robot: str) -> None:
    index, embedder = Bundle.load(robot).index(), load_embedder()
    made = pose_codes(robot, index.physics, embedder)
    assert made is not None
    assert index.pose_codes is not None
    assert made.matcher_id == index.pose_codes.matcher_id
    apart = np.abs(made.unrounded - index.pose_codes.unrounded)
    assert (apart <= 1.5 * made.scale).all(), "by more than a byte's last step"
    assert (index.pose_codes.unrounded.std(0) > 10.0 * made.scale).all()
    np.testing.assert_allclose(made.limbs.angles, index.pose_codes.limbs.angles, atol=0.01)
    np.testing.assert_allclose(made.limbs.speeds, index.pose_codes.limbs.speeds, atol=0.01)


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
    likeliest = (seen @ index.pose_codes.unrounded.T).argmax(1)
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
