"""`rlzero pretrain`: a behaviour foundation model from reward-free data."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from ..errors import DataError
from .bounds import whole_number

HELP = "train a behaviour foundation model on collected data (resumable)"

KINDS = {"fb": "fb", "forward_backward": "fb", "hilp": "hilp"}

# Option: its type and meaning. Which of them a kind of model has is said by its configuration.
_TUNABLE: dict[str, tuple[type, str]] = {
    "latent_dim": (int, "size d of the latent"),
    "hidden": (int, "width of F and of the actor"),
    "backward_hidden": (int, "fb: width of B"),
    "metric_hidden": (int, "hilp: width of φ"),
    "batch": (int, "transitions per update"),
    "learning_rate": (float, "Adam step size at the start"),
    "final_learning_rate": (float, "Adam step size at the last update"),
    "updates": (int, "updates in all"),
    "discount": (float, "γ"),
    "orthonormality": (float, "fb: weight of the orthonormality loss"),
    "metric_discount": (float, "hilp: γ of the temporal distances"),
    "expectile": (float, "hilp: 0.5 for mean distances, towards 1 for the shortest"),
    "goal_share": (float, "share of latents that are B of a goal"),
    "window_share": (float, "share of latents that imitate a window of the data"),
    "window_points": (int, "states in a window"),
    "window_span": (int, "longest window in control steps"),
    "behavior_weight": (
        float,
        "how much the actor leans towards what the data did next, beside the value",
    ),
    "final_behavior_weight": (float, "the same in the last part of training"),
    "refinement": (float, "the share of training that this last part is"),
    "average": (float, "decay of the averaged weights"),
    "seed": (int, "random seed"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; defaults are those of the kind's configuration."""
    parser.add_argument(
        "--robot",
        default="walker",
        help="built-in robot, or a folder of `rlzero new-robot` (default: %(default)s)",
    )
    parser.add_argument(
        "--bfm",
        choices=tuple(KINDS),
        default="fb",
        help="kind of model: fb (forward-backward) or hilp (default: %(default)s)",
    )
    parser.add_argument("--data", type=Path, help="dataset folder (default: data/ROBOT)")
    parser.add_argument("--run", type=Path, help="run folder (default: runs/ROBOT-BFM)")
    parser.add_argument(
        "--init",
        type=Path,
        metavar="NAME|FOLDER",
        help="a new run begins with this trained model, of a run or a bundle of the same kind and "
        "sizes, instead of random weights; a name is that of an installed bundle",
    )
    parser.add_argument("--device", default="cpu", help="torch device, e.g. cuda")
    parser.add_argument("--threads", type=whole_number(), default=1, help="torch threads")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after this long")
    parser.add_argument(
        "--memory-gb",
        type=float,
        default=12.0,
        help="most memory for the data; of more than that, some shards are held at a time "
        "(default: %(default)s)",
    )
    for name, (kind, text) in _TUNABLE.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, help=text)


def main(args: argparse.Namespace) -> int:
    """Train until the updates are done or the time is over."""
    import torch

    from ..pretrain.dataset import read_info
    from ..pretrain.train_bfm import train_bfm
    from ..pretrain.trained import load_trained
    from ..pretrain.trainers import CONFIGS
    from ..robots.registry import load_robot
    from .output import write_json

    torch.set_num_threads(args.threads)
    bfm = KINDS[args.bfm]
    chosen = {n: getattr(args, n) for n in _TUNABLE if getattr(args, n) is not None}
    foreign = sorted(set(chosen) - {f.name for f in fields(CONFIGS[bfm])})
    if foreign:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in foreign)
        raise DataError(f"{names}: not an option of --bfm {bfm}")
    config = CONFIGS[bfm](**chosen)
    robot = load_robot(args.robot).spec.name
    data = args.data or Path("data") / robot
    found = read_info(data).robot
    if found != robot:
        raise DataError(f"{data} holds data of {found!r}, not of {robot!r}; give --robot or --data")
    run = args.run or Path("runs") / f"{robot}-{bfm}"
    init = None
    if args.init is not None:
        begun, model = load_trained(args.init)
        if begun != robot:
            raise DataError(f"{args.init} is of {begun}, not of {robot}")
        # As it was given: the record travels in bundles, where the paths of a machine mean nothing.
        init = (str(args.init), model)
    updates = train_bfm(data, run, config, args.device, args.minutes, args.memory_gb, init=init)
    print(f"{run}: {updates} of {config.updates} updates; curves in {run / 'curves.png'}")
    write_json(args.json, {"bfm": bfm, "updates": updates, "run": str(run)})
    return 0
