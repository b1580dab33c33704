"""Trains the pose matcher of an embedder; see ``project.pose_matcher``.

    python -m rlzero_ros.pretrain.train_pose_matcher --data data/walker data/stickman \
        --run runs/pose-matcher --model models/pose-96

Interrupt it at any time: the same command goes on from its last checkpoint with the same batches.
At every check what has been learnt is written into the model's folder. Indexes that were made with
another matcher, or with none, are given its codes by ``rlzero_ros.pretrain.match_poses``.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import RlzeroError
from ..project.embedder import load_embedder
from ..project.index import WINDOW
from ..project.limbs import TOLERANCE_RAD
from ..project.pose_matcher import PoseMatcher
from .choose_states import choose_windows
from .dataset import read_info
from .drawn_windows import draw_windows
from .pose_matcher_trainer import PoseMatcherTrainer, PoseMatcherTraining
from .poses import pose_error
from .shown_pose import ShownPoses, shown_poses
from .training_loop import CheckedTraining
from .window_ring import RobotWindows, WindowRing

_CHECKED, _AMONG = 300, 5000
"""So many held-out windows of each robot are drawn, in styles of training, and looked for among
so many of its own."""
_DEEPEST, _WIDEST, _STRETCHED = 8, 64, 1.0


@dataclass(frozen=True)
class MatcherRun:
    """Where a run reads and writes: datasets, run folder, embedder's folder, steps between checks.

    init: a folder with a pose matcher to begin with.
    """

    data: tuple[Path, ...]
    run: Path
    model: Path
    every: int
    init: Path | None = None


@dataclass(frozen=True)
class _Check:
    """Held-out windows of a dataset: frames (n, 3, S, S, 3), poses; and its own to look among."""

    data: str
    frames: NDArray[np.uint8]
    shown: ShownPoses
    among: ShownPoses

    def found(self, matcher: PoseMatcher, images: torch.Tensor) -> float:
        """Share of the windows for which the likeliest pose is right (within 15 degrees)."""
        n = len(self.frames)
        rows = np.arange(n * WINDOW).reshape(n, WINDOW)
        codes = matcher.code_windows(images, rows, np.ones(n, dtype=bool))
        places = matcher.code_poses(self.among.described().numpy())
        best = torch.from_numpy((codes @ places.T).argmax(1))
        error = pose_error(self.shown.angles.numpy(), self.among.angles[best].numpy())
        return float((error < TOLERANCE_RAD).mean())


def train(run: MatcherRun, config: PoseMatcherTraining, made: str) -> None:
    """Trains to the last step or until interrupted, checking every ``run.every`` steps."""
    embedder = load_embedder(str(run.model), matcher=False)
    robots, checks = [], []
    for folder in run.data:
        robot = read_info(folder).robot
        windows = choose_windows(folder, config.windows, config.seed)
        robots.append(RobotWindows.of(robot, windows.physics))
        checks.append(_check_of(robot, folder, robots[-1], config.seed))
    candidates = [robot.shown for robot in robots]
    trainer = PoseMatcherTrainer(config, candidates, embedder.tower)
    training = CheckedTraining(
        trainer, run.run, steps=config.steps, every=run.every, label="pose matcher"
    )
    if run.init is not None and not training.resumed:
        trainer.begin_with(PoseMatcher.load(run.init))
    ring = WindowRing(
        robots,
        slots=config.slots,
        per_step=config.redrawn,
        seed=config.seed,
        step=trainer.step,
    )
    shown = [held.frames.reshape(-1, *held.frames.shape[2:]) for held in checks]
    pictures = [embedder.images(frames) for frames in shown]

    def learnt() -> PoseMatcher:
        return trainer.matcher(embedder.id, made)

    def update() -> dict[str, float]:
        rng = np.random.default_rng((config.seed, 2, trainer.step))
        losses = trainer.update(*ring.sample(config.batch, rng))
        ring.advance(trainer.step)
        return losses

    def check() -> dict[str, Any]:
        matcher = learnt()
        pairs = zip(checks, pictures, strict=True)
        return {held.data: round(held.found(matcher, images), 3) for held, images in pairs}

    training.go_on(update, check, lambda _: learnt().save(run.model))


def _check_of(robot: str, folder: Path, own: RobotWindows, seed: int) -> _Check:
    held = choose_windows(folder, _CHECKED, seed, heldout=True).physics
    some = np.random.default_rng(seed).permutation(len(own.shown))[:_AMONG]
    return _Check(
        folder.name,
        draw_windows(robot, held, seed, True, "varied"),
        shown_poses(robot, held[:, WINDOW // 2]),
        own.shown[torch.from_numpy(some)],
    )


def main(argv: list[str] | None = None) -> int:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="robots' datasets")
    parser.add_argument("--run", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument(
        "--model", type=Path, default=Path("models/pose-96"), help="folder of the embedder"
    )
    parser.add_argument("--init", type=Path, help="begin with the pose matcher of this folder")
    parser.add_argument("--every", type=int, default=1000, help="steps between checks")
    parser.add_argument("--threads", type=int, default=1)
    defaults = asdict(PoseMatcherTraining())
    for key, value in defaults.items():
        name = f"--{key.replace('_', '-')}"
        if isinstance(value, bool):
            parser.add_argument(name, action=argparse.BooleanOptionalAction, default=value)
        else:
            parser.add_argument(name, type=type(value), default=value)
    told = sys.argv[1:] if argv is None else argv
    args = parser.parse_args(told)
    run = MatcherRun(tuple(args.data), args.run, args.model, args.every, args.init)
    for key in ("steps", "batch", "windows", "slots", "redrawn"):
        if getattr(args, key) < 1:
            parser.error(f"--{key}: at least 1")
    if not 0.0 <= args.stretch <= _STRETCHED:
        parser.error(f"--stretch: 0 to {_STRETCHED:g}")
    if not 0 <= args.deeper <= _DEEPEST:
        parser.error(f"--deeper: 0 to {_DEEPEST}")
    if not 0 <= args.flow <= _WIDEST:
        parser.error(f"--flow: 0 to {_WIDEST}")
    config = PoseMatcherTraining(**{key: getattr(args, key) for key in defaults})
    made = shlex.join(["python", "-m", "rlzero_ros.pretrain.train_pose_matcher", *told])
    torch.set_num_threads(args.threads)
    try:
        train(run, config, made)
    except (RlzeroError, OSError) as error:
        print(f"train_pose_matcher: {getattr(error, 'message', error)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
