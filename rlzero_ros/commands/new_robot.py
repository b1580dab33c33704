"""`rlzero new-robot`: a robot's folder from an MJCF file that nobody prepared."""

from __future__ import annotations

import argparse
from pathlib import Path

from .output import write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", type=Path, help="MJCF file of one robot with a floating base")
    parser.add_argument("--out", type=Path, required=True, help="new folder, e.g. bundles/NAME")
    parser.add_argument("--name", help="the robot's name (default: the folder's)")
    parser.add_argument(
        "--control-hz",
        type=float,
        default=50.0,
        help="commands per second (default: %(default)s)",
    )


def main(args: argparse.Namespace) -> int:
    """Describe the model, write the folder, and say what to check and what comes next."""
    from ..robots.describe_mjcf import describe_mjcf
    from ..robots.robot_folder import ROBOT_FILE, write_robot

    name = args.name or args.out.name
    description = describe_mjcf(args.model, name, args.control_hz)
    write_robot(args.out, description)
    spec = description.spec
    print(
        f"{args.out}: {spec.name}, {spec.base.kind} base {spec.base.body!r}, "
        f"{len(spec.joint_names)} joints, {spec.action_dim} {spec.command.interface} commands, "
        f"{spec.observation_dim} numbers observed every {spec.control_period_s} s"
    )
    for change in description.changes:
        print(f"  {change}")
    print(f"Check {args.out / ROBOT_FILE}, then:")
    data, run, index = (
        Path("data") / name,
        Path("runs") / f"{name}-fb",
        Path("runs") / f"{name}-index",
    )
    print(f"  rlzero collect  --robot {args.out} --out {data}")
    print(f"  rlzero pretrain --robot {args.out} --data {data} --run {run}")
    print(f"  rlzero index    --robot {args.out} --data {data} --out {index}")
    print(f"  rlzero pack     --robot {args.out} --run {run} --index {index} --out {args.out}")
    write_json(args.json, {"robot": spec.to_dict(), "changes": list(description.changes)})
    return 0
