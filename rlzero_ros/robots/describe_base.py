"""Which body of a model floats, and which joints are its limbs."""

from __future__ import annotations

import mujoco
import numpy as np

from ..errors import RobotError
from .spec import BaseSpec

_FREE, _BALL = int(mujoco.mjtJoint.mjJNT_FREE), int(mujoco.mjtJoint.mjJNT_BALL)
_HINGE, _SLIDE = int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE)

# The camera's distance as a multiple of the robot's reach: all of it within a view of 45 degrees.
_VIEWS = 2.8


def find_base(model: mujoco.MjModel) -> BaseSpec:
    """The floating base: a body with a free joint, or with slides along x and z and a hinge on y.

    Raises RobotError when there is none, or more than one.
    """
    free = [int(model.jnt_bodyid[j]) for j in np.flatnonzero(model.jnt_type == _FREE)]
    if len(free) > 1:
        names = ", ".join(repr(model.body(b).name) for b in free)
        raise RobotError(f"several bodies float freely ({names}); keep only the robot")
    if free:
        return BaseSpec("free", model.body(free[0]).name)
    planar = [b for b in range(1, model.nbody) if model.body_parentid[b] == 0]
    found = [base for body in planar if (base := _planar_base(model, body)) is not None]
    if len(found) != 1:
        raise RobotError(
            "no floating base: give the robot's trunk a <freejoint/>, or, for a robot that moves "
            "in a plane, slides along x and z and a hinge about y"
        )
    return found[0]


def joints_of(model: mujoco.MjModel, base: BaseSpec) -> tuple[str, ...]:
    """Names of the limbs' joints, in the model's order; RobotError for what cannot be one."""
    root = model.body(base.body).id
    own = {base.x_joint, base.z_joint, base.pitch_joint}
    names = []
    for joint in range(model.njnt):
        name, kind = model.joint(joint).name, int(model.jnt_type[joint])
        if kind == _FREE or name in own:
            continue
        if model.body_rootid[model.jnt_bodyid[joint]] != model.body_rootid[root]:
            raise RobotError(f"joint {name!r} is of another thing than the robot; keep the robot")
        if kind == _BALL:
            raise RobotError(f"{name!r} is a ball joint; make it of three hinges")
        names.append(name)
    if not names:
        raise RobotError("the robot has no joint beside its base")
    return tuple(names)


def base_camera(
    document: mujoco.MjSpec, model: mujoco.MjModel, base: BaseSpec, name: str = "side"
) -> list[str]:
    """Add a camera beside the robot unless there is one; what was changed."""
    if any(camera.name == name for camera in document.cameras):
        return []
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    moving = model.geom_bodyid > 0
    apart = np.linalg.norm(data.geom_xpos[moving] - data.body(base.body).xpos, axis=1)
    far = _VIEWS * float(np.max(apart + model.geom_rbound[moving]))
    camera = document.body(base.body).add_camera()
    camera.name, camera.mode = name, mujoco.mjtCamLight.mjCAMLIGHT_TRACKCOM
    camera.pos = (0.0, -far, 0.2 * far)
    camera.alt.xyaxes = (1.0, 0.0, 0.0, 0.0, 0.2, 1.0)
    return [f"added a camera {name!r} on the robot's right"]


def _planar_base(model: mujoco.MjModel, body: int) -> BaseSpec | None:
    first, n = int(model.body_jntadr[body]), int(model.body_jntnum[body])
    joints = range(first, first + n)
    found: dict[str, str] = {}
    for role, kind, axis in (("x", _SLIDE, 0), ("z", _SLIDE, 2), ("pitch", _HINGE, 1)):
        for joint in joints:
            same = np.allclose(model.jnt_axis[joint], np.eye(3)[axis], atol=1e-6)
            if model.jnt_type[joint] == kind and same:
                found[role] = model.joint(joint).name
    upright = np.allclose(model.body_quat[body], (1, 0, 0, 0), atol=1e-6)
    if n != 3 or len(found) != 3 or not upright:
        return None
    return BaseSpec(
        "planar",
        model.body(body).name,
        x_joint=found["x"],
        z_joint=found["z"],
        pitch_joint=found["pitch"],
    )
