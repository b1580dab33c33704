"""`rlzero run`: one sentence, three nodes, a simulated robot, and a report of what it did."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from ..errors import CommandError, ErrorCode, RlzeroError
from .bounds import SEEDS, number, whole_number
from .output import write_json
from .termination import leave_on_sigterm

EXIT_REFUSED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--command", metavar="SENTENCE", help="what to do")
    parser.add_argument(
        "--robot", default="walker", help="built-in robot, or a folder (default: %(default)s)"
    )
    parser.add_argument("--bundle", metavar="NAME|FOLDER", help="its bundle (default: the robot's)")
    parser.add_argument("--imaginer", default="storyboard", help="default: %(default)s")
    parser.add_argument("--video", type=Path, metavar="FILE", help="do what this video shows")
    parser.add_argument(
        "--seconds", type=number(0, 3600, above=True), default=10.0, help="to act (default: 10)"
    )
    parser.add_argument(
        "--seed", type=whole_number(0, SEEDS), default=0, help="of all that is random (default: 0)"
    )
    parser.add_argument(
        "--report",
        type=Path,
        default=Path("out/report.json"),
        metavar="FILE",
        help="report; strip.png, run.mp4 and logs go beside it (default: %(default)s)",
    )
    parser.add_argument(
        "--rehearse",
        type=whole_number(0, 16),
        default=8,
        metavar="K",
        help="first try up to K plans on the robot's model, and send the best (0 or 1: none; "
        "default: %(default)s)",
    )
    parser.add_argument(
        "--tries",
        type=whole_number(1, 10),
        default=3,
        metavar="N",
        help="begin again, up to N times in all, if the robot stops because this computer does not "
        "keep up (default: %(default)s)",
    )
    parser.add_argument("--no-film", action="store_true", help="make no run.mp4")


def main(args: argparse.Namespace) -> int:
    """Run; 0: carried out, 3: refused. Ends every process that it started, in any case."""
    from ..evaluate.video import film
    from .simulated_run import Progress, SimulatedRun

    if args.command is None and args.video is None:
        raise CommandError("say what to do: --command SENTENCE or --video FILE")
    leave_on_sigterm()
    folder = args.report.absolute().parent
    folder.mkdir(parents=True, exist_ok=True)
    run = SimulatedRun(
        command=args.command if args.command is not None else f"do as in {args.video.name}",
        robot=args.robot,
        bundle=args.bundle or args.robot,
        imaginer="video" if args.video else args.imaginer,
        video=args.video,
        seconds=args.seconds,
        seed=args.seed,
        folder=folder,
        rehearse=args.rehearse,
        tries=args.tries,
    )
    report, recording = run.carry_out(Progress(sys.stderr))
    content = report.to_dict()
    if not args.no_film:
        video = folder / "run.mp4"
        with tempfile.TemporaryDirectory() as scratch:
            states = Path(scratch, "states.npz")
            recording.save(states)
            try:
                film(states, args.robot, video)
                content["files"]["film"] = video.name
            except RlzeroError as error:
                print(f"rlzero run: no film: {error}", file=sys.stderr)
    write_json(args.report, content)
    write_json(args.json, content)
    _print_summary(content, args.report)
    return 0 if report.error_code == ErrorCode.OK else EXIT_REFUSED


def _print_summary(content: dict, report: Path) -> None:
    outcome, did = content["outcome"], content["behaviour"]
    verdict = "carried out" if outcome["error_code"] == 0 else f"refused: {outcome['message']}"
    print(f"{content['command']!r}: {verdict}")
    print(
        f"torso height {did['torso_height_m']:.2f} m, upright {did['upright']:.2f}, "
        f"forward {did['forward_speed_mps']:.2f} m/s, distance {did['distance_m']:.2f} m"
    )
    names = ", ".join([report.name, *content["files"].values()])
    print(f"{os.fspath(report.parent)}: {names}")
