"""An MJCF file as one text that stands alone: includes resolved, everything named."""

from __future__ import annotations

from pathlib import Path

import mujoco

from ..errors import RobotError
from .heights import lowest_point
from .inline_meshes import inline_files

_FREE = mujoco.mjtJoint.mjJNT_FREE


def read_mjcf(path: Path) -> tuple[mujoco.MjSpec, list[str]]:
    """An MJCF file, ready to compile, and what was changed in it, one line each.

    Meshes become part of the text. Joints and bodies without names get some; a robot without a
    floor gets one below it.

    Raises RobotError when it is not MJCF, or cannot stand alone.
    """
    if not path.is_file():
        raise RobotError(f"there is no file {path}")
    try:
        document = mujoco.MjSpec.from_file(str(path))
    except (ValueError, OSError) as error:
        raise RobotError(f"{path} is not readable as MJCF: {_line(error)}") from error
    changes = [*inline_files(document), *_name_everything(document)]
    plane = mujoco.mjtGeom.mjGEOM_PLANE
    if not document.hfields and all(geom.type != plane for geom in document.worldbody.geoms):
        changes += _add_floor(document)
    if not document.lights:
        document.worldbody.add_light(pos=(0.0, 0.0, 4.0))
        changes.append("added a light")
    return document, changes


def compile_spec(document: mujoco.MjSpec) -> mujoco.MjModel:
    """The model; RobotError with MuJoCo's reason."""
    try:
        return document.compile()
    except ValueError as error:
        raise RobotError(f"MuJoCo cannot compile the model: {_line(error)}") from error


def whole_xml(document: mujoco.MjSpec) -> str:
    """MJCF text that compiles by itself; RobotError if it does not."""
    compile_spec(document)
    text = document.to_xml()
    try:
        mujoco.MjModel.from_xml_string(text)
    except ValueError as error:
        raise RobotError(f"the model does not stand alone: {_line(error)}") from error
    return text


def _name_everything(document: mujoco.MjSpec) -> list[str]:
    changes = []
    for number, body in enumerate(document.bodies):
        if not body.name and body.name != "world":
            body.name = f"body_{number}"
            changes.append(f"named a body {body.name!r}")
        for joint in body.joints:
            if not joint.name and joint.type != _FREE:
                joint.name = f"{body.name}_joint_{body.joints.index(joint)}"
                changes.append(f"named a joint {joint.name!r}")
    return changes


def _add_floor(document: mujoco.MjSpec) -> list[str]:
    """A floor at z = 0, and the robot lifted or lowered onto it.

    A model with a keyframe says itself where the robot stands.
    """
    model = compile_spec(document)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    rise = 0.0 if model.nkey else -lowest_point(model, data)
    for body in document.worldbody.bodies:
        body.pos = (body.pos[0], body.pos[1], body.pos[2] + rise)
    document.worldbody.add_geom(
        name="floor",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=(50.0, 50.0, 0.1),
        rgba=(0.6, 0.65, 0.6, 1.0),
    )
    return [f"added a floor, and moved the robot by {rise:.3f} m to stand on it"]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
