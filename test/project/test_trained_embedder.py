"""The embedder that comes with the package: it knows poses, not styles."""

import json
from pathlib import Path

import numpy as np
import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.evaluate.retrieval import HeldoutStates, score
from rlzero_ros.imagine.draw import draw
from rlzero_ros.imagine.style import random_style
from rlzero_ros.pretrain.drawn_windows import draw_windows
from rlzero_ros.pretrain.embedder_check import heldout_drawings, score_retrieval
from rlzero_ros.pretrain.figure_of import poses_of
from rlzero_ros.project.embedder import OpenClipEmbedder, load_embedder
from rlzero_ros.robots.registry import load_robot

MODEL = Path(__file__).parents[2] / "models" / "pose-96"


@pytest.fixture(scope="module")
def embedder() -> OpenClipEmbedder:
    """The default."""
    return load_embedder()


def test_it_is_small_and_says_how_it_was_made(embedder: OpenClipEmbedder) -> None:
    assert embedder.id.startswith("pose-96-")
    assert embedder.dim == 64
    assert (MODEL / "open_clip_model.safetensors").stat().st_size < 6e6
    card = json.loads((MODEL / "training.json").read_text())
    assert {"training", "pools", "check"} <= set(card)


def test_it_finds_poses_drawn_in_styles_it_never_saw(embedder: OpenClipEmbedder) -> None:
    states = HeldoutStates.load("walker")
    poses = poses_of("walker", states.physics[:300, 1])
    style = random_style(np.random.default_rng(4), "train", clutter=False)
    gallery = np.stack([draw(poses.figure(row), style) for row in range(len(poses))])
    queries = embedder.embed(heldout_drawings(poses, seed=1, clutter=False))
    found = score_retrieval(queries, poses.angles, embedder.embed(gallery), poses.angles)
    assert found.recall_at_1 > 0.5
    assert found.recall_at_5 > 0.75
    assert found.joint_error_deg < 35


@pytest.mark.parametrize(
    ("robot", "at_1", "at_5"), [("cheetah", 0.5, 0.7), ("quadruped", 0.3, 0.5)]
)
def test_the_four_legged_tower_finds_four_legged_poses(
    robot: str, at_1: float, at_5: float
) -> None:
    poses = poses_of(robot, HeldoutStates.load(robot).physics[:300, 1])
    style = random_style(np.random.default_rng(4), "train", kind="four_legged", clutter=False)
    gallery = np.stack([draw(poses.figure(row), style) for row in range(len(poses))])
    drawings = heldout_drawings(poses, seed=1, clutter=False)
    tower = load_embedder("pose-96-four")
    found = score_retrieval(tower.embed(drawings), poses.angles, tower.embed(gallery), poses.angles)
    assert found.recall_at_1 > at_1
    assert found.recall_at_5 > at_5


def test_nearer_poses_are_more_alike(embedder: OpenClipEmbedder) -> None:
    states = HeldoutStates.load("walker")
    standing = states.physics[np.abs(states.physics[:, 1, 2]).argsort()[:40], 1]
    style = random_style(np.random.default_rng(2), "train", clutter=False)

    def embed(tilt: float) -> np.ndarray:
        physics = standing.copy()
        physics[:, 2] += tilt
        poses = poses_of("walker", physics)
        return embedder.embed(np.stack([draw(poses.figure(i), style) for i in range(len(poses))]))

    upright = embed(0.0)
    likeness = [float((upright * embed(t)).sum(1).mean()) for t in (0.0, 0.15, 0.4, 0.9)]
    assert likeness == sorted(likeness, reverse=True)
    assert likeness[0] - likeness[-1] > 0.2


def test_window_drawings_move_as_the_states_do() -> None:
    states = HeldoutStates.load("walker")
    frames = draw_windows("walker", states.physics[:5], seed=0, clutter=False)
    assert frames.shape == (5, 3, 64, 64, 3)
    np.testing.assert_array_equal(
        frames, draw_windows("walker", states.physics[:5], seed=0, clutter=False)
    )
    assert (frames[:, 0] != frames[:, 2]).any()


def test_scores_are_right_for_right_and_wrong_answers() -> None:
    spec = load_robot("walker").spec
    wanted = HeldoutStates.load("walker").observations
    right = score(spec, wanted, wanted[:, None].repeat(5, axis=1))
    assert right["recall@1"] == right["recall@5"] == right["velocity_sign"] == 1.0
    assert right["joint_error_deg"] == pytest.approx(0.0, abs=1e-3)
    shuffled = np.random.default_rng(0).permutation(wanted)
    wrong = score(spec, wanted, shuffled[:, None].repeat(5, axis=1))
    assert wrong["recall@1"] < 0.2
    assert 0.2 < wrong["velocity_sign"] < 0.8
    late = np.concatenate([shuffled[:, None].repeat(4, axis=1), wanted[:, None]], axis=1)
    assert score(spec, wanted, late)["recall@5"] == 1.0


def test_a_robot_without_heldout_states_is_named() -> None:
    with pytest.raises(DataError, match="--make-states"):
        HeldoutStates.load("octopus")
