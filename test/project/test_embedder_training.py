"""Training the embedder: it learns, it resumes exactly, its losses mean what they say."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rlzero_ros.errors import DataError
from rlzero_ros.imagine.draw import draw
from rlzero_ros.imagine.style import random_style
from rlzero_ros.pretrain.augment import augment
from rlzero_ros.pretrain.checkpoint import load_checkpoint
from rlzero_ros.pretrain.drawing_ring import DrawingRing
from rlzero_ros.pretrain.embedder_trainer import EmbedderTrainer, EmbedderTraining
from rlzero_ros.pretrain.figure_of import poses_of
from rlzero_ros.pretrain.pose_loss import (
    limb_feature_count,
    limb_features,
    metric_loss,
    pose_distances,
)
from rlzero_ros.pretrain.pose_pool import DRAWN, SIZE, PosePool, save_poses
from rlzero_ros.pretrain.pose_sampler import sample_poses
from rlzero_ros.pretrain.poses import FOUR_LEGGED, HUMAN, PoseLayout, Poses, pose_error
from rlzero_ros.pretrain.render_pool import motion_poses, sample_configurations
from rlzero_ros.pretrain.train_embedder import TrainingRun, train
from rlzero_ros.project.embedder import CONFIG_FILE, load_embedder

torch.set_num_threads(1)
ARCHITECTURE = Path(__file__).parents[2] / "models" / "pose-96"
SMALL = {"batch": 16, "slots": 64, "redrawn": 8, "steps": 40}


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    """A pool of 80 poses whose "renderings" are drawings in one style: no GL is needed."""
    folder = tmp_path / "pool"
    folder.mkdir()
    rng = np.random.default_rng(0)
    poses, style = sample_poses(80, rng), random_style(rng, clutter=False)
    frames = np.stack([draw(poses.figure(row), style, SIZE) for row in range(len(poses))])
    np.save(folder / "angles.npy", poses.angles)
    np.save(folder / "root.npy", poses.root)
    np.save(folder / "frames.npy", frames)
    (folder / "progress.json").write_text(json.dumps({"done": 80}))
    return folder


def run_training(pool: Path, run: Path, steps: int, *more: str) -> None:
    """The command itself, in a process of its own."""
    command = [sys.executable, "-m", "rlzero_ros.pretrain.train_embedder", "--every", "5"]
    command += ["--pool", str(pool), "--run", str(run), "--architecture", str(ARCHITECTURE)]
    command += ["--batch", "16", "--slots", "64", "--redrawn", "8", "--steps", str(steps)]
    root = Path(__file__).parents[2]
    subprocess.run([*command, *more], check=True, cwd=root, capture_output=True)


def make_ring(pool: Path, step: int) -> DrawingRing:
    """A small ring over the whole pool."""
    return DrawingRing(
        [PosePool.load(pool)],
        [np.arange(80)],
        slots=64,
        per_step=8,
        drawings=2,
        seed=0,
        step=step,
    )


def test_the_ring_refills_as_it_was(pool: Path) -> None:
    going, resumed = make_ring(pool, 0), make_ring(pool, 13)
    for step in range(1, 14):
        going.advance(step)
    np.testing.assert_array_equal(going.frames, resumed.frames)
    np.testing.assert_array_equal(going.angles, resumed.angles)
    frames, angles, *_ = going.sample(20, np.random.default_rng(0))
    np.testing.assert_array_equal(angles[:20], angles[20:])
    assert (frames[:20] != frames[20:]).any(axis=(1, 2, 3)).all()


def test_four_legged_drawings_are_labelled_with_what_they_show(pool: Path) -> None:
    rng = np.random.default_rng(0)
    drawn = motion_poses("cheetah", 80, rng)
    save_poses(pool, poses_of("cheetah", sample_configurations("cheetah", 80, rng)))
    save_poses(pool, drawn, DRAWN)
    ring = make_ring(pool, 0)
    rendered, shown = ring.angles[:, 0], ring.angles[:, 1:]
    assert (np.abs(shown - rendered[:, None]).max(-1) > 0).all()
    # Half of the drawings are as they were; the others' left legs may be elsewhere.
    known = [(np.abs(row - drawn.angles).max(-1) < 1e-6).any() for row in shown.reshape(-1, 9)]
    assert 0.4 < np.mean(known) < 1.0
    assert np.isnan(ring.arms).all()


def test_training_begins_with_the_weights_of_another_tower(pool: Path) -> None:
    config = EmbedderTraining(**SMALL)
    trained, random = (
        EmbedderTrainer(ARCHITECTURE, config, FOUR_LEGGED, init=init)
        for init in (ARCHITECTURE, None)
    )
    frames = np.load(pool / "frames.npy")[:4]
    shipped = load_embedder(str(ARCHITECTURE)).embed(frames)
    np.testing.assert_allclose(trained.embedder("a").embed(frames), shipped, atol=1e-5)
    assert np.abs(random.embedder("b").embed(frames) - shipped).max() > 0.05


def architecture(folder: Path, **vision: Any) -> Path:
    """The shipped architecture with some of it changed."""
    config = json.loads((ARCHITECTURE / CONFIG_FILE).read_text())
    config["model_cfg"]["vision_cfg"] |= vision
    folder.mkdir()
    (folder / CONFIG_FILE).write_text(json.dumps(config))
    return folder


def test_a_tower_is_trained_on_with_larger_pictures(pool: Path, tmp_path: Path) -> None:
    larger = architecture(tmp_path / "larger", image_size=128)
    frames = np.load(pool / "frames.npy")[:32]
    trainer = EmbedderTrainer(larger, EmbedderTraining(**SMALL), init=ARCHITECTURE)
    before = load_embedder(str(ARCHITECTURE)).embed(frames)
    begun = trainer.embedder("larger").embed(frames)
    # Nearer to what it was than to any other picture's: it is the same tower, seeing more.
    assert (np.argmax(begun @ before.T, axis=1) == np.arange(32)).mean() > 0.5
    losses = trainer.update(*make_ring(pool, 0).sample(16, np.random.default_rng(0)))
    assert np.isfinite(list(losses.values())).all()


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    wider = architecture(tmp_path / "wider", width=24)
    with pytest.raises(DataError, match="another architecture"):
        EmbedderTrainer(wider, EmbedderTraining(**SMALL), init=ARCHITECTURE)


def test_pools_of_different_figures_are_not_mixed(pool: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(pool, other)
    save_poses(other, Poses(np.zeros((80, 9), np.float32), np.zeros((80, 2), np.float32)))
    run = TrainingRun((pool, other), tmp_path / "run", ARCHITECTURE, None, 5)
    with pytest.raises(DataError, match="different kinds"):
        train(run, EmbedderTraining(**SMALL))


def test_a_tower_learns_again_what_its_last_layer_forgot(pool: Path) -> None:
    """From random weights 40 updates only reach what chance gives, the logarithm of 31."""
    config = EmbedderTraining(**SMALL, warmup=5)
    trainer = EmbedderTrainer(ARCHITECTURE, config, init=ARCHITECTURE)
    for module in trainer.model.visual.layer4.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    ring, losses = make_ring(pool, 0), []
    for step in range(40):
        losses.append(trainer.update(*ring.sample(16, np.random.default_rng(step)))["metric"])
    assert np.mean(losses[:5]) > 2.5
    assert np.mean(losses[-5:]) < 2.0


@pytest.mark.slow
def test_an_interrupted_run_ends_as_an_uninterrupted_one(pool: Path, tmp_path: Path) -> None:
    run_training(pool, tmp_path / "whole", 10, "--export", str(tmp_path / "model"))
    # The learning rate depends on the last step, so the interruption is a real one, not "--steps".
    interrupt_after(pool, tmp_path / "cut", steps=10)
    run_training(pool, tmp_path / "cut", 10, "--every", "1")
    states = [load_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("whole", "cut")]
    assert [state["step"] for state in states if state] == [10, 10]
    for key, value in states[0]["average"].items():  # type: ignore[index]
        torch.testing.assert_close(states[1]["average"][key], value, rtol=0, atol=0)  # type: ignore[index]
    assert load_embedder(str(tmp_path / "model")).dim == 64


def interrupt_after(pool: Path, run: Path, steps: int) -> None:
    """Start the same training and stop it with SIGINT once it has made a checkpoint."""
    command = [sys.executable, "-m", "rlzero_ros.pretrain.train_embedder", "--every", "1"]
    command += ["--pool", str(pool), "--run", str(run), "--architecture", str(ARCHITECTURE)]
    command += ["--batch", "16", "--slots", "64", "--redrawn", "8", "--steps", str(steps)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)
    while process.poll() is None and not (run / "checkpoint.pt").exists():
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    process.send_signal(2)
    assert process.wait(60) == 0


def test_distances_are_those_of_poses() -> None:
    poses = sample_poses(40, np.random.default_rng(0))
    angles, height = torch.from_numpy(poses.angles), torch.zeros(40)
    wanted = pose_error(poses.angles[:, None], poses.angles[None])
    np.testing.assert_allclose(pose_distances(angles, height).numpy(), wanted, atol=1e-5)
    higher = pose_distances(angles[:2], torch.tensor([0.0, 1.0]))
    assert higher[0, 1] > wanted[0, 1]


@pytest.mark.parametrize("layout", [HUMAN, FOUR_LEGGED], ids=lambda layout: layout.kind)
def test_limb_features_do_not_know_left_from_right(layout: PoseLayout) -> None:
    random = np.random.default_rng(0).uniform(-3, 3, (40, len(layout.segments)))
    angles, height = torch.from_numpy(random.astype(np.float32)), torch.ones(40)
    for way in layout.exchanges:
        swapped = limb_features(angles[:, list(way)], height)
        torch.testing.assert_close(limb_features(angles, height), swapped)
    turned = limb_features(angles + 2 * torch.pi, height)
    torch.testing.assert_close(limb_features(angles, height), turned, atol=1e-4, rtol=0)
    assert limb_features(angles, height).shape == (40, limb_feature_count(layout))


def test_the_metric_loss_is_least_where_near_poses_are_near() -> None:
    distances = torch.tensor([[0, 0, 2, 2], [0, 0, 2, 2], [2, 2, 0, 0], [2, 2, 0, 0]]).float()
    right = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    wrong = right[[0, 2, 1, 3]]
    scale = torch.tensor(20.0)
    assert metric_loss(right, distances, scale) < 0.01
    assert metric_loss(wrong, distances, scale) > 5


def test_augmentation_keeps_shape_and_range_and_is_repeatable() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (9, 64, 64, 3), dtype=np.uint8)
    one = augment(frames, np.random.default_rng(1))
    assert one.shape == (9, 3, 64, 64)
    assert one.min() >= 0
    assert one.max() <= 1
    torch.testing.assert_close(one, augment(frames, np.random.default_rng(1)))
    assert not torch.equal(one, augment(frames, np.random.default_rng(2)))


def test_an_unfinished_pool_is_refused(pool: Path) -> None:
    (pool / "progress.json").write_text(json.dumps({"done": 79}))
    with pytest.raises(DataError, match="79 of 80"):
        PosePool.load(pool)
    with pytest.raises(DataError, match="no pool"):
        PosePool.load(pool / "nowhere")
