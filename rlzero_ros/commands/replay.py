"""`rlzero replay`: compute a recording's commands again, and see whether they are the same."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from ..evaluate.replay import ReplayReport
from ..evaluate.replay_file import replay_file
from ..nodes.machine_facts import machine_facts
from .output import write_json

EXIT_DIFFERENT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, metavar="FILE", help="recording, as recorder_node makes")
    parser.add_argument(
        "--bundle",
        metavar="NAME",
        help="name or folder of the bundle, if it lies elsewhere than when it was recorded",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        metavar="SI",
        help="largest difference of a command that counts as none, for another kind of machine "
        "(default: 0, every bit)",
    )


def main(args: argparse.Namespace) -> int:
    """Replay and print; 0: the same, 1: it differs, 2: it cannot be replayed."""
    report = replay_file(args.file, args.bundle)
    here = machine_facts()
    same = report.is_exact or _is_close(report, args.tolerance)
    for line in _lines(report, here):
        print(line)
    write_json(args.json, {"same": same, "exact": report.is_exact, **asdict(report), "here": here})
    return 0 if same else EXIT_DIFFERENT


def _is_close(report: ReplayReport, tolerance: float) -> bool:
    """Rounding is forgiven, another decision of the guard is not."""
    return not report.guard_differing and 0.0 < report.largest <= tolerance


def _lines(report: ReplayReport, here: dict[str, str]) -> list[str]:
    lines = [
        f"bundle {report.bundle_id}: {report.events} events, {report.steps} control steps, "
        f"{report.commands} commands, {report.latents} latents"
    ]
    if report.missing:
        lines.append(f"{report.missing} events from before arming are not in it; none is needed")
    if report.cut:
        lines.append(f"the file ends early ({report.cut}); replayed as far as it goes")
    if report.is_exact:
        return [*lines, "the same, bit for bit"]
    if (first := report.first) is not None:
        lines.append(
            f"differs first in control step {first.step} (event {first.sequence}, {first.call}): "
            f"{first.what} was {first.recorded}, is {first.replayed}"
        )
        lines.append(
            f"{report.differing} of {report.commands} commands differ, at most by "
            f"{report.largest:.3g}"
        )
    if report.latents_differing:
        lines.append(f"{report.latents_differing} of {report.latents} latents differ")
    then = report.facts
    other = [f"{key} was {then[key]}, is {here[key]}" for key in then if here.get(key) != then[key]]
    if other:
        lines.append(f"last bits depend on the machine: {'; '.join(other)}. See --tolerance")
    return lines
