"""``rlzero index``: render and embed a robot's own states, for projection to find."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from ..errors import DataError
from .bounds import SEEDS, whole_number
from .output import write_json

KINDS = ("flat", "sq8", "hnsw", "ivfpq")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--robot", default="walker", help="built-in robot, or its folder")
    parser.add_argument("--data", type=Path, help="folder of the dataset (data/<robot>)")
    parser.add_argument(
        "--embedder",
        help="folder, name or open_clip model (default: the one that knows the robot's figure)",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder that receives the index")
    kept = "keeps what was rendered and drawn (runs/index-<robot>)"
    parser.add_argument("--work", type=Path, help=kept)
    parser.add_argument(
        "--states", type=whole_number(), default=12_000, help="observations at most"
    )
    parser.add_argument(
        "--kind",
        choices=("auto", *KINDS),
        default="auto",
        help="exact (flat), the same in half the room (sq8), graph (hnsw) or codes (ivfpq); auto "
        "by the number of states",
    )
    parser.add_argument("--seed", type=whole_number(0, SEEDS), default=0)


def main(args: argparse.Namespace) -> int:
    """Builds the index; returns the exit code."""
    from ..pretrain.build_index import build_index
    from ..pretrain.dataset import read_info
    from ..project.embedder import DEFAULT_EMBEDDERS, load_embedder
    from ..robots.registry import load_robot

    spec = load_robot(args.robot).spec
    name = spec.name
    data = args.data or Path("data") / name
    found = read_info(data).robot
    if found != name:
        raise DataError(f"{data} holds states of {found!r}, not of {name!r}")
    work = args.work or Path("runs") / f"index-{name}"
    try:
        report = build_index(
            data,
            load_embedder(args.embedder or DEFAULT_EMBEDDERS[spec.figure]),
            args.out,
            work,
            robot=args.robot,
            states=args.states,
            seed=args.seed,
            kind=args.kind,
        )
    except OSError as error:  # a full disk, or a place that is none
        raise DataError(f"{error}; what is done so far stays in {work}") from error
    print(
        f"{report.states} states, {report.bytes / 1e6:.1f} MB in {args.out}: {report.kind}, "
        f"recall {report.recall:.3f} of the exact five best"
    )
    write_json(args.json, asdict(report))
    return 0
