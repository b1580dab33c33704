"""`rlzero pack`: one bundle of a trained model, an index and a robot."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bundle import IMITATION_BANDWIDTH, IMITATION_KERNEL, IMITATION_VELOCITY_WEIGHT, Bundle
from ..errors import BundleError, DataError, ErrorCode
from ..imitate.kernel import KERNELS
from .output import write_json

if TYPE_CHECKING:
    from ..imitate.base import BehaviorFoundationModel

_SHARE = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--robot",
        default="walker",
        help="built-in robot, or a folder of `rlzero new-robot` (default: %(default)s)",
    )
    parser.add_argument("--run", type=Path, help="folder of `rlzero pretrain` (runs/ROBOT-fb)")
    parser.add_argument("--index", type=Path, required=True, help="folder of `rlzero index`")
    parser.add_argument(
        "--average-with",
        type=Path,
        metavar="NAME|FOLDER",
        help="pack a model between this one, of a bundle or a run, and that of --run, which began "
        "with it: often better at what each of them does well than the other is",
    )
    parser.add_argument(
        "--share",
        type=float,
        help=f"how much --run counts in that, 0 to 1 (default: {_SHARE})",
    )
    parser.add_argument("--out", type=Path, help="bundle folder (bundles/ROBOT)")
    parser.add_argument(
        "--hold",
        choices=("latent", "damping"),
        default="latent",
        help="what an armed robot without a plan does: rest in its default pose, or damp its "
        "joints (default: %(default)s)",
    )
    parser.add_argument(
        "--imitation-bandwidth",
        type=float,
        default=IMITATION_BANDWIDTH,
        help="how far imitation latents are smoothed over the index's states, in squared standard "
        "deviations; 0 for the plain mean of B (default: %(default)s)",
    )
    parser.add_argument(
        "--imitation-velocity-weight",
        type=float,
        default=IMITATION_VELOCITY_WEIGHT,
        help="how much velocities count in that, beside poses (default: %(default)s)",
    )
    parser.add_argument(
        "--imitation-kernel",
        choices=KERNELS,
        default=IMITATION_KERNEL,
        help="how smoothing falls with the distance: heavy_tailed for a robot that is found far "
        "from what it is shown, on its back, say (default: %(default)s)",
    )
    parser.add_argument(
        "--made-by",
        action="append",
        default=[],
        metavar="COMMAND",
        help="a command that made the data, the model or the index; may be repeated",
    )


def main(args: argparse.Namespace) -> int:
    """Pack, read back, and say what lies where."""
    from ..packing import pack_bundle
    from ..pretrain.hold import hold_latent
    from ..pretrain.train_bfm import load_run
    from ..project.index import ObservationIndex
    from ..robots.registry import load_robot

    robot = load_robot(args.robot)
    name = robot.spec.name
    run = args.run or Path("runs") / f"{name}-fb"
    trained_on, bfm = load_run(run)
    if trained_on != name:
        raise BundleError(f"{run} was trained on {trained_on}", ErrorCode.BUNDLE_MISMATCH)
    averaged_with = None
    if args.average_with is not None:
        share = _SHARE if args.share is None else args.share
        bfm, averaged_with = _averaged(name, args.average_with, bfm, share)
    elif args.share is not None:
        raise DataError("--share: of which model? Give --average-with, too")
    hold_z = None
    if args.hold == "latent":
        hold_z = hold_latent(bfm, robot, ObservationIndex.load(args.index).observations)
    bundle = pack_bundle(
        args.out or Path("bundles") / name,
        spec=robot.spec,
        bfm=bfm,
        index_folder=args.index,
        model_xml=robot.model_xml,
        hold_z=hold_z,
        imitation_bandwidth=args.imitation_bandwidth,
        imitation_velocity_weight=args.imitation_velocity_weight,
        imitation_kernel=args.imitation_kernel,
        origin=_origin(args.made_by, run, averaged_with),
    )
    size = sum(entry["bytes"] for entry in bundle.manifest["files"].values())
    print(f"{bundle.path}: bundle {bundle.id}, {size / 1e6:.1f} MB")
    write_json(args.json, {"id": bundle.id, "bytes": size, "path": str(bundle.path)})
    return 0


def _averaged(
    robot: str, path: Path, bfm: BehaviorFoundationModel, share: float
) -> tuple[BehaviorFoundationModel, dict[str, Any]]:
    """The model between both, and what the other one was: it may be replaced by this very one."""
    from ..pretrain.average_models import between
    from ..pretrain.trained import find_trained, is_bundle, load_trained

    trained_on, before = load_trained(path)
    if trained_on != robot:
        raise BundleError(f"{path} is of {trained_on}, not {robot}", ErrorCode.BUNDLE_MISMATCH)
    folder = find_trained(path)
    if is_bundle(folder):
        bundle = Bundle.load(folder.absolute())
        other = {"bundle": bundle.id, "origin": bundle.manifest["origin"]}
    else:
        other = {"origin": _training_of(folder)}
    return between(before, bfm, share), {"share": share, **other}


def _training_of(run: Path) -> dict[str, Any]:
    """How a run was trained, and how far it is."""
    from ..plain_yaml import load_plain_yaml
    from ..pretrain.checkpoint import load_checkpoint

    state = load_checkpoint(run / "checkpoint.pt") or {}
    config = run / "config.yaml"
    return {
        "training": load_plain_yaml(config) if config.is_file() else {},
        "updates": state.get("trainer", {}).get("updates", 0),
    }


def _origin(made_by: list[str], run: Path, averaged_with: dict[str, Any] | None) -> dict[str, Any]:
    """Where everything came from, as `bundle.yaml` keeps it."""
    from .. import __version__

    return {
        "rlzero_ros": __version__,
        **_training_of(run),
        **({} if averaged_with is None else {"averaged_with": averaged_with}),
        "commands": [*made_by, _this_command()],
    }


def _this_command() -> str:
    """The `rlzero pack` that runs, without the commands that it was told of."""
    words: list[str] = []
    rest = iter(sys.argv[1:])
    for word in rest:
        if word == "--made-by":
            next(rest, None)
        elif not word.startswith("--made-by="):
            words.append(word)
    return f"rlzero {shlex.join(words)}"
