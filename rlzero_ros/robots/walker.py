"""dm_control's planar walker: its specification, and the ground-truth rewards of its tasks.

The rewards judge (`rlzero eval`); nothing trains on them. They follow GenRL's task suite and, for
spin and flip, ExORL's.
"""

from __future__ import annotations

from collections.abc import Callable

import mujoco
import numpy as np
from dm_control.suite import walker as suite_walker
from numpy.typing import NDArray

from .rewards import at_least, at_most, tolerance
from .spec import BaseSpec, CommandSpec, ObservationTerm, RobotSpec

Features = dict[str, NDArray[np.float64]]
Reward = Callable[[Features], NDArray[np.float64]]

_JOINTS = ("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle")
_GEAR = (100.0, 50.0, 20.0, 100.0, 50.0, 20.0)
_BODIES = ("torso", "right_thigh", "right_leg", "right_foot", "left_thigh", "left_leg", "left_foot")
_PERIOD_S = 0.025
_STAND_HEIGHT = 1.2

SPEC = RobotSpec(
    name="walker",
    joint_names=_JOINTS,
    control_period_s=_PERIOD_S,
    base=BaseSpec("planar", "torso", x_joint="rootx", z_joint="rootz", pitch_joint="rooty"),
    command=CommandSpec(
        interface="effort",
        topic="effort_controller/commands",
        message="float64_multi_array",
        lower=tuple(-g for g in _GEAR),
        upper=_GEAR,
        # A torque may swing over its whole range in one period: the walker's gaits need it.
        rate_limit=tuple(2.0 * g / _PERIOD_S for g in _GEAR),
        hold_damping=(5.0, 3.0, 1.0, 5.0, 3.0, 1.0),
    ),
    observation=(
        ObservationTerm("body_orientation_xz", _BODIES),
        ObservationTerm("base_height"),
        ObservationTerm("planar_base_velocity"),
        ObservationTerm("joint_velocities", _JOINTS),
    ),
    velocity_limit=(60.0,) * 6,
)


def model_xml() -> str:
    """The suite's MJCF with its includes resolved, so that it stands alone in a bundle."""
    xml, assets = suite_walker.get_model_and_assets()
    return mujoco.MjSpec.from_string(xml.decode(), include=assets).to_xml()


def features(model: mujoco.MjModel, physics: NDArray[np.floating]) -> Features:
    """What the rewards look at, for states (N, nq + nv): each (N,) or (N, 2: right, left).

    Heights are of body origins (m, world), zz the vertical cosine of a body's z axis, velocity
    that of the centre of mass, angular momentum about it (kg·m²/s, about +y).
    """
    data = mujoco.MjData(model)
    ids = {n: mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, n) for n in _BODIES}
    torso = ids["torso"]
    sides = {part: [ids[f"right_{part}"], ids[f"left_{part}"]] for part in ("thigh", "leg", "foot")}
    n, nq = len(physics), model.nq
    names1 = ("torso_height", "torso_zz", "velocity_x", "angular_momentum_y", "pitch_rate")
    out: Features = {name: np.empty(n) for name in names1}
    for part in sides:
        for suffix in ("height", "zz", "x"):
            out[f"{part}_{suffix}"] = np.empty((n, 2))
    for i, row in enumerate(np.asarray(physics, dtype=np.float64)):
        data.qpos[:], data.qvel[:] = row[:nq], row[nq:]
        mujoco.mj_fwdPosition(model, data)
        mujoco.mj_fwdVelocity(model, data)
        mujoco.mj_subtreeVel(model, data)
        out["torso_height"][i] = data.xpos[torso, 2]
        out["torso_zz"][i] = data.xmat[torso, 8]
        out["velocity_x"][i] = data.subtree_linvel[torso, 0]
        out["angular_momentum_y"][i] = data.subtree_angmom[torso, 1]
        out["pitch_rate"][i] = data.qvel[2]
        for part, bodies in sides.items():
            out[f"{part}_height"][i] = data.xpos[bodies, 2]
            out[f"{part}_zz"][i] = data.xmat[bodies, 8]
            out[f"{part}_x"][i] = data.xpos[bodies, 0]
    return out


def _upright(f: Features) -> NDArray[np.float64]:
    return (1.0 + f["torso_zz"]) / 2.0


def _stand(f: Features) -> NDArray[np.float64]:
    return (3.0 * at_least(f["torso_height"], _STAND_HEIGHT) + _upright(f)) / 4.0


def _moving(f: Features, value: NDArray[np.float64], target: float) -> NDArray[np.float64]:
    """stand · (5·lin(value ≥ target) + 1) / 6, margin half the target."""
    moved = tolerance(value, lower=target, margin=target / 2, sigmoid="linear", value_at_margin=0.5)
    return _stand(f) * (5.0 * moved + 1.0) / 6.0


def _lying(f: Features) -> NDArray[np.float64]:
    limbs = sum(at_most(f[f"{p}_height"].mean(1), 0.1) for p in ("thigh", "foot", "leg"))
    return (3 * at_most(f["torso_height"], 0.1) + (1 - np.abs(f["torso_zz"])) + limbs) / 7.0


def _high_kick(f: Features) -> NDArray[np.float64]:
    feet = f["foot_height"]
    raised = 3 * at_least(feet.max(1), _STAND_HEIGHT) + at_most(feet.min(1), 0.1)
    return at_least(f["torso_height"], 1.0) * raised / 4.0


def _one_foot(f: Features) -> NDArray[np.float64]:
    feet = f["foot_height"]
    return at_least(f["torso_height"], 1.0) * at_least(feet.max(1), 0.5) * at_most(feet.min(1), 0.1)


def _lunge(f: Features) -> NDArray[np.float64]:
    legs = f["leg_height"]
    row = np.arange(len(legs))
    raised, low = legs.argmax(1), legs.argmin(1)
    parts = (
        at_most(legs.min(1), 0.1)
        + at_least(legs.max(1), 0.25)
        + (1 - np.abs(f["thigh_zz"][row, raised]))
        + (1 - np.abs(f["leg_zz"][row, low]))
    )
    return (3 * at_least(f["torso_height"], 0.75) + _upright(f)) / 4.0 * parts / 4.0


def _sit_knees(f: Features) -> NDArray[np.float64]:
    low = (3 * at_most(f["leg_height"].mean(1), 0.15) + at_most(f["foot_height"].mean(1), 0.1)) / 4
    excess = np.maximum(np.abs(f["thigh_x"].mean(1) - f["foot_x"].mean(1)) - 0.1, 0.0)
    return (3 * at_least(f["torso_height"], 0.55) + _upright(f)) / 4.0 * low * np.exp(-excess)


def _headstand(f: Features) -> NDArray[np.float64]:
    feet, thighs = f["foot_height"].mean(1), f["thigh_height"].mean(1)
    return (3 * at_least(feet, 1.1) + 2 * at_least(thighs, 1.0)) / 5.0


def _flipping(f: Features) -> NDArray[np.float64]:
    turned = tolerance(
        np.abs(f["angular_momentum_y"]), 16.0, margin=8.0, sigmoid="linear", value_at_margin=0.5
    )
    return _headstand(f) * (5.0 * turned + 1.0) / 6.0


def _spin(f: Features, value: NDArray[np.float64]) -> NDArray[np.float64]:
    turned = tolerance(value, 5.0, margin=5.0, sigmoid="linear", value_at_margin=0.0)
    return _stand(f) * (5.0 * turned + 1.0) / 6.0


TASKS: dict[str, Reward] = {
    "stand": _stand,
    "walk": lambda f: _moving(f, f["velocity_x"], 1.0),
    "run": lambda f: _moving(f, f["velocity_x"], 8.0),
    "spin": lambda f: _spin(f, f["pitch_rate"]),
    "flip": lambda f: _spin(f, f["angular_momentum_y"]),
    "lying_down": _lying,
    "high_kick": _high_kick,
    "one_foot": _one_foot,
    "lunge": _lunge,
    "sit_knees": _sit_knees,
    "headstand": _headstand,
    "flipping": _flipping,
}
