"""`rlzero pretrain`: a behaviour foundation model from reward-free data."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

HELP = "train a behaviour foundation model on collected data (resumable)"

_TUNABLE = {
    "latent_dim": "size d of the latent",
    "hidden": "width of F and of the actor",
    "backward_hidden": "width of B",
    "batch": "transitions per update",
    "learning_rate": "Adam step size at the start",
    "final_learning_rate": "Adam step size at the last update",
    "updates": "updates in all",
    "discount": "γ",
    "orthonormality": "weight of the orthonormality loss",
    "goal_share": "share of latents that are B of a goal",
    "window_share": "share of latents that are the mean of B over a window of data",
    "window_points": "states in a window",
    "window_span": "longest window in control steps",
    "average": "decay of the averaged weights",
    "seed": "random seed",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; defaults are those of `ForwardBackwardConfig`."""
    parser.add_argument("--robot", default="walker", help="built-in robot (default: %(default)s)")
    parser.add_argument("--bfm", choices=["fb"], default="fb", help="kind of model")
    parser.add_argument("--data", type=Path, help="dataset folder (default: data/ROBOT)")
    parser.add_argument("--run", type=Path, help="run folder (default: runs/ROBOT-BFM)")
    parser.add_argument("--device", default="cpu", help="torch device, e.g. cuda")
    parser.add_argument("--threads", type=int, default=1, help="torch threads")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after this long")
    parser.add_argument("--memory-gb", type=float, default=12.0, help="most memory for the data")
    for name, text in _TUNABLE.items():
        kind = int if name in _INTEGERS else float
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, help=text)


_INTEGERS = {
    "latent_dim",
    "hidden",
    "backward_hidden",
    "batch",
    "updates",
    "window_points",
    "window_span",
    "seed",
}


def main(args: argparse.Namespace) -> int:
    """Train until the updates are done or the time is over."""
    import torch

    from ..pretrain.train_bfm import train_bfm
    from ..pretrain.train_forward_backward import ForwardBackwardConfig
    from .output import write_json

    torch.set_num_threads(args.threads)
    known = {f.name for f in fields(ForwardBackwardConfig)}
    chosen = {n: getattr(args, n) for n in _TUNABLE if n in known and getattr(args, n) is not None}
    config = ForwardBackwardConfig(**chosen)
    data = args.data or Path("data") / args.robot
    run = args.run or Path("runs") / f"{args.robot}-{args.bfm}"
    updates = train_bfm(data, run, config, args.device, args.minutes, args.memory_gb)
    print(f"{run}: {updates} of {config.updates} updates; curves in {run / 'curves.png'}")
    write_json(args.json, {"updates": updates, "run": str(run)})
    return 0
