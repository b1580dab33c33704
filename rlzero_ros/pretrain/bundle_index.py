"""Commands that make the index of a finished bundle anew: what they share."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..bundle import Bundle
from ..errors import DataError, RlzeroError
from ..packing import check_destination, pack_with_index
from ..project.embedder import FrameEmbedder, load_embedder, name_of
from ..project.index import ObservationIndex
from ..project.projection import check_embedder
from .dataset import read_info

Change = Callable[[ObservationIndex, FrameEmbedder, Path], ObservationIndex]
"""change(index, embedder, work): the index that the bundle should have; work keeps what it took."""


def parser_for(description: str, kind: str) -> argparse.ArgumentParser:
    """With the options that all of them have; kind: by default it works in runs/<kind>-<robot>."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder of the robot's dataset")
    parser.add_argument("--bundle", required=True, help="name or folder")
    parser.add_argument("--out", type=Path, required=True, help="folder that receives the bundle")
    kept = f"keeps what took time, to go on after an interruption (runs/{kind}-<robot>)"
    parser.add_argument("--work", type=Path, help=kept)
    parser.set_defaults(work_name=kind)
    return parser


def change_index(
    module: str,
    args: argparse.Namespace,
    argv: list[str],
    change: Change,
    *,
    matches_anew: bool = False,
) -> int:
    """Writes ``args.bundle`` with another index to ``args.out``; the exit code.

    module: whose command it is, for the bundle's record. matches_anew: the change replaces pose
    codes, which may be of another matcher. Whatever is wrong is one line.
    """
    program = module.rpartition(".")[2]
    try:
        bundle = Bundle.load(args.bundle)
        check_destination(args.out)
        robot = read_info(args.data).robot
        if robot != bundle.spec.name:
            raise DataError(f"{args.data} is of {robot!r}, the bundle of {bundle.spec.name!r}")
        index = bundle.index()
        work = args.work or Path("runs") / f"{args.work_name}-{robot}"
        embedder = load_embedder(name_of(index.embedder_id))
        check_embedder(embedder, index, matcher_too=not matches_anew)
        changed = change(index, embedder, work)
        with tempfile.TemporaryDirectory() as folder:
            changed.save(Path(folder))
            command = shlex.join(["python", "-m", module, *argv])
            packed = pack_with_index(bundle, Path(folder), args.out, command)
    except (RlzeroError, OSError) as error:
        print(f"{program}: {getattr(error, 'message', error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted: the same command goes on from here", file=sys.stderr)
        return 130
    print(f"{packed.path}: bundle {packed.id}, {len(changed)} observations")
    return 0
