"""`rlzero pack`: one bundle of a trained model, an index and a robot."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BundleError, ErrorCode
from .output import write_json

DAMPING = "damping"
# Clips that the hold behaviour is imitated from: one performance alone may be an odd one.
HOLD_CLIPS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--robot", default="walker", help="built-in robot (default: %(default)s)")
    parser.add_argument(
        "--run", type=Path, help="folder of `rlzero pretrain` (default: runs/ROBOT-fb)"
    )
    parser.add_argument("--index", type=Path, required=True, help="folder of `rlzero index`")
    parser.add_argument("--out", type=Path, help="bundle folder (default: bundles/ROBOT)")
    parser.add_argument(
        "--hold",
        default="stand still",
        metavar="SENTENCE",
        help="what the robot does when armed without a plan: a sentence, carried out by the "
        f"bundle itself, or '{DAMPING}' (default: %(default)s)",
    )
    parser.add_argument(
        "--made-by",
        action="append",
        default=[],
        metavar="COMMAND",
        help="a command that made the data, the model or the index; may be repeated",
    )
    parser.add_argument("--seed", type=int, default=0)


def main(args: argparse.Namespace) -> int:
    """Pack, read back, and say what lies where."""
    from ..packing import pack_bundle
    from ..pretrain.train_bfm import load_run
    from ..robots.registry import load_robot

    robot = load_robot(args.robot)
    run = args.run or Path("runs") / f"{args.robot}-fb"
    trained_on, bfm = load_run(run)
    if trained_on != args.robot:
        raise BundleError(f"{run} was trained on {trained_on}", ErrorCode.BUNDLE_MISMATCH)
    parts: dict[str, Any] = {
        "spec": robot.spec,
        "bfm": bfm,
        "index_folder": args.index,
        "model_xml": robot.model_xml,
        "origin": _origin(args, run),
    }
    hold_z = None
    if args.hold != DAMPING:
        with tempfile.TemporaryDirectory() as folder:
            draft = pack_bundle(Path(folder, args.robot), **parts)
            hold_z = _hold_latent(draft.path, args.hold, args.seed)
    bundle = pack_bundle(args.out or Path("bundles") / args.robot, **parts, hold_z=hold_z)
    size = sum(entry["bytes"] for entry in bundle.manifest["files"].values())
    print(f"{bundle.path}: bundle {bundle.id}, {size / 1e6:.1f} MB")
    write_json(args.json, {"id": bundle.id, "bytes": size, "path": str(bundle.path)})
    return 0


def _hold_latent(draft: Path, sentence: str, seed: int) -> NDArray[np.float32]:
    from ..bundle import Bundle
    from ..imagine.registry import load_imaginer
    from ..imitate.latent import imitation_latent
    from ..pipeline import Pipeline

    pipeline = Pipeline(Bundle.load(draft), load_imaginer("storyboard"))
    plans = [pipeline.plan(sentence, seed=seed + i) for i in range(HOLD_CLIPS)]
    observations = np.concatenate([plan.projection.observations for plan in plans])
    return imitation_latent(pipeline.bundle.bfm(), observations)


def _origin(args: argparse.Namespace, run: Path) -> dict[str, Any]:
    """Where everything came from, as `bundle.yaml` keeps it."""
    import yaml

    from .. import __version__

    config = run / "config.yaml"
    return {
        "rlzero_ros": __version__,
        "training": yaml.safe_load(config.read_text()) if config.is_file() else {},
        "hold": args.hold,
        "commands": [*args.made_by, f"rlzero {shlex.join(sys.argv[1:])}"],
    }
