"""A robot that is not built in: a folder with its specification and its MuJoCo model.

Either a bundle (``bundle.yaml``), or what `rlzero new-robot` wrote (``robot.yaml``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ..errors import RobotError
from .describe_mjcf import Description
from .model_file import check_model_file
from .spec import RobotSpec

ROBOT_FILE, MODEL_FILE, _BUNDLE_FILE = "robot.yaml", "model.xml", "bundle.yaml"
_MAX_YAML_BYTES = 1 << 20

_COMMENTS = {
    "name": "Written by `rlzero new-robot`; a person has to check it. See docs/bundle.md.",
    "joint_names": "What joint_states reports. CHECK that the robot's driver uses these names.",
    "control_period_s": "Seconds between commands. Training and the robot share it.",
    "base": "The floating base. Its frame is x forward, z up (REP-103); imu and odom speak of it.",
    "command": (
        "Limits in N·m, rad or rad/s, in the order of the commands: ctrlrange by gain and gear.\n"
        "CHECK interface, topic and message against the robot's controller. rate_limit lets a\n"
        "command cross its whole range in one period, as training does: lower it before this\n"
        "drives hardware."
    ),
    "observation": "What the policy sees, in this order. Data and models depend on it.",
    "velocity_limit": "CHECK (rad/s): an MJCF file does not tell how fast joints may move.",
}


def write_robot(folder: Path, description: Description) -> None:
    """Write ``robot.yaml``, with comments for a person, and ``model.xml``.

    Raises RobotError where the folder holds anything already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise RobotError(f"{folder} is not empty; choose another --out, or delete it")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_text(description.model_xml, encoding="utf-8")
    (folder / ROBOT_FILE).write_text(_commented(description), encoding="utf-8")


def read_robot(folder: Path) -> tuple[RobotSpec, str]:
    """The specification and the MJCF text in a folder; RobotError says what is wrong with it."""
    bundle, robot = folder / _BUNDLE_FILE, folder / ROBOT_FILE
    path = bundle if bundle.is_file() else robot
    try:
        data = _plain_values(path)
        check_model_file(folder / MODEL_FILE)
        text = (folder / MODEL_FILE).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RobotError(
            f"{error.filename} is missing; make a robot's folder with `rlzero new-robot`"
        ) from error
    # ValueError: bytes that are not UTF-8, or impossible dates; RecursionError: absurd nesting.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise RobotError(f"{folder} holds an unreadable file: {reason}") from error
    if not isinstance(data, dict) or (path is bundle and not isinstance(data.get("robot"), dict)):
        raise RobotError(f"{path} holds no robot specification")
    return RobotSpec.from_dict(data["robot"] if path is bundle else data), text


def _plain_values(path: Path) -> Any:
    """What a YAML file of bounded size holds; without aliases, which can stand for gigabytes."""
    if path.stat().st_size > _MAX_YAML_BYTES:
        raise RobotError(f"{path} is larger than {_MAX_YAML_BYTES} bytes")
    text = path.read_text(encoding="utf-8")
    events = yaml.parse(text, Loader=yaml.SafeLoader)
    if any(isinstance(event, yaml.AliasEvent) for event in events):
        raise RobotError(f"{path} holds aliases; write the values themselves")
    return yaml.safe_load(text)


def _commented(description: Description) -> str:
    lines = [f"# Changed in the model: {change}." for change in description.changes]
    for key, value in description.spec.to_dict().items():
        lines += ["", *(f"# {line}" for line in _COMMENTS.get(key, "").split("\n") if line)]
        flow = None if isinstance(value, (dict, list)) else False
        text = yaml.safe_dump({key: value}, sort_keys=False, default_flow_style=flow, width=96)
        lines.append(text.rstrip())
    return "\n".join(lines).lstrip() + "\n"
