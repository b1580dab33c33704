"""``rlzero eval <measure>``: how well it works, one measure at a time.

Each measure is a module of ``rlzero_ros.evaluate`` with ``add_arguments`` and ``main``; only the
one asked for is imported.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from .termination import leave_on_sigterm

MEASURES = {
    "motions": "do sentences reach the right motion, and is nonsense refused",
    "imagination": "do clips show what was said, also where legs and arms do different things",
    "captions": "do pictures and sentences find each other in the embedder's space",
    "retrieval": "do drawings find the robot's own state in the same pose",
    "returns": "how much reward the policies collect",
    "language": "do robots do what the language benchmark says, and do rivals do it better",
    "sentences": "does the simulated robot do what it is told, through the real nodes",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the measure; its own options are declared when it is known."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["measures:", *(f"  {n:<11} {h}" for n, h in MEASURES.items())])
    parser.add_argument("measure", choices=tuple(MEASURES), metavar="measure")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="`<measure> --help` lists them")


def main(args: argparse.Namespace) -> int:
    """Runs the measure; returns its exit code."""
    measure = import_module(f"rlzero_ros.evaluate.{args.measure}")
    parser = argparse.ArgumentParser(
        prog=f"rlzero eval {args.measure}", description=MEASURES[args.measure]
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", default=args.json, help="write the result there"
    )
    measure.add_arguments(parser)
    chosen = parser.parse_args(args.options)
    # An error is reported where the measure's own result was to go.
    args.json = chosen.json
    leave_on_sigterm()
    return measure.main(chosen)
