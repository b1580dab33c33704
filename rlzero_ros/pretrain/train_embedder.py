"""Trains the small image tower that puts one pose in one place whatever it is drawn like.

    python -m rlzero_ros.pretrain.train_embedder --pool data/poses/synthetic --run runs/pose-96

Interrupt it at any time: the same command goes on from its last checkpoint with the same
batches. ``--export models/pose-96`` writes the averaged weights there at every check. All pools
are of one kind of figure. ``--init models/pose-96`` begins with the weights of a trained tower
instead of random ones, such as one for another kind of figure or for pictures of another size.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import DataError, RlzeroError
from .drawing_ring import DrawingRing
from .embedder_check import make_check_set
from .embedder_trainer import EmbedderTrainer, EmbedderTraining
from .pose_pool import PosePool
from .training_loop import CheckedTraining

RESERVED = 0.05
"""Share of each pool, its end, that is never trained on."""


@dataclass(frozen=True)
class TrainingRun:
    """Where a run reads and writes: pools, run folder, model folders, steps between checks."""

    pools: tuple[Path, ...]
    run: Path
    architecture: Path
    export: Path | None
    every: int
    init: Path | None = None


def train(run: TrainingRun, config: EmbedderTraining) -> None:
    """Trains to the last step or until interrupted, checking every ``run.every`` steps."""
    pools = [PosePool.load(folder) for folder in run.pools]
    sizes = [len(p.frames) for p in pools]
    kept = [np.arange(int(n * (1 - RESERVED))) for n in sizes]
    reserved = [np.arange(len(k), n) for k, n in zip(kept, sizes, strict=True)]
    layouts = {pool.poses.layout for pool in pools}
    if len(layouts) != 1:
        raise DataError("the pools are of different kinds of figures: train a tower for each")
    trainer = EmbedderTrainer(run.architecture, config, layouts.pop(), init=run.init)
    training = CheckedTraining(
        trainer, run.run, steps=config.steps, every=run.every, label="embedder"
    )
    checked = make_check_set(pools, kept, reserved, config.seed)
    ring = DrawingRing(
        pools,
        kept,
        slots=config.slots,
        per_step=config.redrawn,
        drawings=config.drawings,
        seed=config.seed,
        step=trainer.step,
    )

    def update() -> dict[str, float]:
        rng = np.random.default_rng((config.seed, 2, trainer.step))
        losses = trainer.update(*ring.sample(config.batch, rng))
        ring.advance(trainer.step)
        return losses

    def check() -> dict[str, Any]:
        scores = checked.score(trainer.embedder("check"))
        return {
            name: {key: round(value, 3) for key, value in asdict(score).items()}
            for name, score in scores.items()
        }

    def export(line: dict[str, Any]) -> None:
        if run.export is None:
            return
        names = [folder.name for folder in run.pools]
        card = {"training": asdict(config), "pools": names, "check": line}
        if run.init is not None:
            card["init"] = run.init.name
        trainer.export(run.export, card)

    training.go_on(update, check, export)


def main(argv: list[str] | None = None) -> int:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pool", type=Path, nargs="+", required=True, help="pools of poses")
    parser.add_argument("--run", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument(
        "--architecture",
        type=Path,
        default=Path("models/pose-96"),
        help="folder with open_clip_config.json",
    )
    parser.add_argument("--init", type=Path, help="begin with the weights of this model folder")
    parser.add_argument("--export", type=Path, help="write the averaged weights here")
    parser.add_argument("--every", type=int, default=500, help="steps between checks")
    parser.add_argument("--threads", type=int, default=1)
    defaults = asdict(EmbedderTraining())
    for key, value in defaults.items():
        parser.add_argument(f"--{key.replace('_', '-')}", type=type(value), default=value)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    run = TrainingRun(
        tuple(args.pool), args.run, args.architecture, args.export, args.every, args.init
    )
    try:
        train(run, EmbedderTraining(**{key: getattr(args, key) for key in defaults}))
    except RlzeroError as error:
        print(f"train_embedder: {error.message}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
