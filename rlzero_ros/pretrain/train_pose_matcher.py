"""Trains the pose matcher of an embedder; see ``project.pose_matcher``.

    python -m rlzero_ros.pretrain.train_pose_matcher --data data/walker data/stickman \
        --run runs/pose-matcher --model models/pose-96

Interrupt it at any time: the same command goes on from its last checkpoint with the same batches.
At every check what has been learnt is written into the model's folder. Indexes that were made with
another matcher, or with none, are given its codes by ``rlzero_ros.pretrain.match_poses``.
"""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import RlzeroError
from ..project.embedder import load_embedder
from ..project.index import WINDOW
from ..project.pose_matcher import PoseMatcher
from .checkpoint import load_checkpoint, save_checkpoint
from .choose_states import choose_windows
from .dataset import read_info
from .drawn_windows import draw_windows
from .pose_matcher_trainer import PoseMatcherTrainer, PoseMatcherTraining
from .poses import pose_error
from .shown_pose import ShownPoses, shown_poses
from .window_ring import RobotWindows, WindowRing

_CHECKED, _AMONG = 300, 5000
"""So many held-out windows of each robot are drawn, in styles of training, and looked for among
so many of its own."""
_TOLERANCE_RAD = float(np.deg2rad(15.0))


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

    @property
    def checkpoint(self) -> Path:
        """The file that the run resumes from."""
        return self.run / "checkpoint.pt"


@dataclass(frozen=True)
class _Check:
    """Held-out windows of a robot: frames (n, 3, S, S, 3), poses; and its own to look among."""

    robot: str
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
        return float((error < _TOLERANCE_RAD).mean())


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
    saved = load_checkpoint(run.checkpoint)
    if saved is not None:
        trainer.load(saved)
    elif run.init is not None:
        trainer.begin_with(PoseMatcher.load(run.init))
    ring = WindowRing(
        robots,
        slots=config.slots,
        per_step=config.redrawn,
        seed=config.seed,
        step=trainer.step,
    )
    shown = [check.frames.reshape(-1, *check.frames.shape[2:]) for check in checks]
    pictures = [embedder.images(frames) for frames in shown]
    started, before = time.monotonic(), float(saved["seconds"]) if saved else 0.0

    def seconds() -> float:
        return before + time.monotonic() - started

    def keep() -> None:
        save_checkpoint(run.checkpoint, {**trainer.state(), "seconds": seconds()})

    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: stopped.append(n))
    losses: dict[str, float] = {}
    with tqdm(total=config.steps, initial=trainer.step, unit="step", desc="pose matcher") as bar:
        while trainer.step < config.steps and not stopped:
            rng = np.random.default_rng((config.seed, 2, trainer.step))
            for name, value in trainer.update(*ring.sample(config.batch, rng)).items():
                losses[name] = value + 0.98 * (losses.get(name, value) - value)
            ring.advance(trainer.step)
            bar.update()
            if trainer.step % 20 == 0:
                bar.set_postfix({k: f"{v:.3f}" for k, v in losses.items()})
            if trainer.step % run.every == 0 or trainer.step == config.steps:
                matcher = trainer.matcher(embedder.id, made)
                line: dict[str, Any] = {"step": trainer.step, "minutes": round(seconds() / 60, 1)}
                line |= {name: round(value, 4) for name, value in losses.items()}
                for check, images in zip(checks, pictures, strict=True):
                    line[check.robot] = round(check.found(matcher, images), 3)
                run.run.mkdir(parents=True, exist_ok=True)
                with (run.run / "progress.jsonl").open("a") as file:
                    file.write(json.dumps(line) + "\n")
                tqdm.write(json.dumps(line))
                keep()  # first: where the matcher cannot be written, nothing learnt is lost
                matcher.save(run.model)
    keep()


def _check_of(robot: str, folder: Path, own: RobotWindows, seed: int) -> _Check:
    held = choose_windows(folder, _CHECKED, seed, heldout=True).physics
    some = np.random.default_rng(seed).permutation(len(own.shown))[:_AMONG]
    return _Check(
        robot,
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
        parser.add_argument(f"--{key.replace('_', '-')}", type=type(value), default=value)
    told = sys.argv[1:] if argv is None else argv
    args = parser.parse_args(told)
    run = MatcherRun(tuple(args.data), args.run, args.model, args.every, args.init)
    for key in ("steps", "batch", "windows", "slots", "redrawn"):
        if getattr(args, key) < 1:
            parser.error(f"--{key}: at least 1")
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
