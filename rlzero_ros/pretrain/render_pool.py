"""Renders a pool of poses; ``pose_pool`` reads it.

    python -m rlzero_ros.pretrain.render_pool --out data/poses/synthetic --poses 60000
    python -m rlzero_ros.pretrain.render_pool --out data/poses/motions --poses 20000 --motions
    python -m rlzero_ros.pretrain.render_pool --out data/poses/data --poses 40000 --data data/walker
    python -m rlzero_ros.pretrain.render_pool --out data/poses/cheetah-motions --robot cheetah \
        --poses 8000 --motions

Half of the renderings look as the model does, half have a random look. The process renders, so
it never imports torch. An interrupted pool goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import RlzeroError
from ..imagine.motions import MOTIONS, figure_kind, perform
from ..robots.base_motion import BaseMotion
from ..robots.observation import load_model
from ..robots.registry import load_robot
from .dataset import open_dataset
from .figure_of import TRUNKS, figure_layout, poses_of, qpos_of
from .frame_file import fill_frames
from .heldout import split_episodes
from .looks import LookRandomizer
from .pose_pool import DRAWN, SIZE, load_poses, save_poses
from .pose_sampler import sample_poses
from .poses import ARMS, HUMAN, Poses, wrapped
from .render import SUPERSAMPLING, FrameRenderer
from .resting_poses import resting_configurations

SAME_RAD = 1e-3
"""A robot that misses every angle of a pose by less can do it."""
_MOMENTS, _MOTION_FPS = 48, 20.0
Qpos = NDArray[np.float64]


def render_pool(
    robot: str, drawn: Poses, qpos: Qpos | None, folder: Path, seed: int, identity: dict[str, Any]
) -> None:
    """Renders a pool into the folder; one begun with the same identity goes on with its own.

    qpos: configurations (N, nq) that were drawn; None puts the poses on the robot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "progress.json").exists():
        saved = folder / "qpos.npy"
        qpos = np.load(saved) if saved.exists() else qpos_of(robot, load_poses(folder))
    else:
        poses = drawn
        if qpos is None:
            qpos = qpos_of(robot, drawn)
            poses = poses_of(robot, qpos)
            if np.abs(wrapped(poses.angles - drawn.angles)).max(initial=0.0) > SAME_RAD:
                save_poses(folder, drawn, DRAWN)
        save_poses(folder, poses)
        np.save(folder / "qpos.npy", qpos)
    model = load_model(load_robot(robot).model_xml)
    looks = LookRandomizer(model)

    def render(rows: range) -> Iterator[NDArray[np.uint8]]:
        rng = np.random.default_rng((seed, rows.start))
        for row in rows:
            if row % 2:
                yield renderer.render(qpos[row], looks.random(rng, SIZE * SUPERSAMPLING))
            else:
                looks.original()
                yield renderer.render(qpos[row])

    with FrameRenderer(model, SIZE) as renderer:
        fill_frames(folder, len(qpos), SIZE, identity, render)


def data_qpos(robot: str, data: Path, n: int, rng: np.random.Generator) -> Qpos:
    """Configurations in a dataset's training episodes, as many from every shard, shuffled."""
    _, shards = open_dataset(data)
    counts = rng.multinomial(n, np.ones(len(shards)) / len(shards))
    parts = []
    for shard, count in zip(shards, counts, strict=True):
        episodes, _ = split_episodes(len(shard.physics))
        physics = shard.physics[episodes].reshape(-1, shard.physics.shape[-1])
        rows = np.sort(rng.choice(len(physics), min(int(count), len(physics)), replace=False))
        parts.append(physics[rows])
    nq = load_model(load_robot(robot).model_xml).nq
    return rng.permutation(np.concatenate(parts))[:, :nq].astype(np.float64)


def sample_configurations(robot: str, n: int, rng: np.random.Generator) -> Qpos:
    """Configurations (n, nq) with joints anywhere in their ranges, a share of them in the air."""
    described = load_robot(robot)
    qpos = resting_configurations(described, n, int(rng.integers(2**31)))
    clearance = np.where(rng.random(n) < 0.15, rng.exponential(0.15, n).clip(0, 0.7), 0.0)
    motion = BaseMotion(described.spec, load_model(described.model_xml))
    motion.height(qpos)[:] += clearance
    return qpos


def with_arms(poses: Poses, rng: np.random.Generator) -> Poses:
    """The same poses with arms (N, 4): those that have none get any that the joints allow."""
    shoulder, elbow = (
        rng.uniform(-0.35, 1.75, (len(poses), 2)),
        rng.uniform(0, 2.6, (len(poses), 2)),
    )
    bend = rng.random((len(poses), 2)) < 0.3
    elbow[bend] *= 0.1
    upper = poses.angles[:, :1] - shoulder
    arms = np.stack([upper[:, 0], (upper - elbow)[:, 0], upper[:, 1], (upper - elbow)[:, 1]], 1)
    known = np.isfinite(poses.arms).all(1, keepdims=True)
    return Poses(poses.angles, poses.root, np.where(known, poses.arms, arms).astype(np.float32))


def motion_poses(robot: str, n: int, rng: np.random.Generator) -> Poses:
    """Poses of the storyboard's motions of the robot's kind, each as often, at random moments."""
    layout = figure_layout(robot)
    names = [name for name in MOTIONS if figure_kind(name) == layout.kind]
    figures = []
    for row in range(n):
        frames = perform(names[row % len(names)], rng, _MOMENTS, _MOTION_FPS)
        figures.append(frames[int(rng.integers(_MOMENTS))])
    angles = [[figure.angles[segment] for segment in layout.segments] for figure in figures]
    pitch, root_z = np.array(angles)[:, 0], np.array([figure.root[1] for figure in figures])
    hips_m = TRUNKS[robot].above_hips_m if layout is HUMAN else 0.0
    root = np.stack([-hips_m * np.sin(pitch), root_z], axis=1)
    arms = [[figure.angles.get(segment, np.nan) for segment in ARMS] for figure in figures]
    poses = Poses(np.array(angles, np.float32), root.astype(np.float32), np.array(arms, np.float32))
    return poses[rng.permutation(n)]


def main(argv: list[str] | None = None) -> int:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the pool")
    parser.add_argument("--robot", default="walker")
    parser.add_argument("--poses", type=int, default=60_000)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", type=Path, help="take poses from this dataset's physics")
    source.add_argument("--motions", action="store_true", help="take poses from the storyboard")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    rng = np.random.default_rng(args.seed)
    try:
        qpos = None
        if args.data is not None:
            qpos = data_qpos(args.robot, args.data, args.poses, rng)
            poses = poses_of(args.robot, qpos)
        elif args.motions:
            poses = motion_poses(args.robot, args.poses, rng)
        elif figure_layout(args.robot) is HUMAN:
            poses = sample_poses(args.poses, rng)
        else:
            qpos = sample_configurations(args.robot, args.poses, rng)
            poses = poses_of(args.robot, qpos)
        if args.robot == "stickman":
            poses, qpos = with_arms(poses, rng), None
        identity = {k: str(v) for k, v in vars(args).items() if k != "out"}
        render_pool(args.robot, poses, qpos, args.out, args.seed, identity)
    except RlzeroError as error:
        print(f"render_pool: {error.message}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
