"""From commands in SI units to the control signals of a MuJoCo model."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import RobotError
from .spec import RobotSpec

Array = NDArray[np.float64]
_FILTERS = (int(mujoco.mjtDyn.mjDYN_FILTER), int(mujoco.mjtDyn.mjDYN_FILTEREXACT))
_TRANSMISSIONS = {
    int(mujoco.mjtTrn.mjTRN_JOINT): mujoco.mjtObj.mjOBJ_JOINT,
    int(mujoco.mjtTrn.mjTRN_TENDON): mujoco.mjtObj.mjOBJ_TENDON,
}


class Actuators:
    """The actuators of a model in the order of a RobotSpec's commands.

    Every command is for the joint or the fixed tendon of its name, which needs exactly one
    actuator.
    """

    def __init__(self, spec: RobotSpec, model: mujoco.MjModel) -> None:
        self._spec, self._nu = spec, model.nu
        self._order = np.array([_actuator(spec, model, name) for name in spec.command_names])
        self._scale = np.array(
            [control_scale(model, i, spec.command.interface) for i in self._order]
        )
        filtered = np.isin(model.actuator_dyntype[self._order], _FILTERS)
        self._settles = filtered & (spec.command.interface == "position")
        self._activation = model.actuator_actadr[self._order]

    def control(self, command: Array) -> Array:
        """MuJoCo's ctrl (nu,) for a command (action_dim,) in SI units and spec order."""
        ctrl = np.zeros(self._nu)
        ctrl[self._order] = command * self._scale
        return ctrl

    def settle(self, data: mujoco.MjData, joint_positions: Array) -> None:
        """Set the activation of filtered position actuators as if they had come to rest.

        A state of joints and base does not hold it, and no robot reports it.
        """
        if np.any(self._settles):
            target = self._spec.driven(joint_positions) * self._scale
            data.act[self._activation[self._settles]] = target[self._settles]


def control_scale(model: mujoco.MjModel, actuator: int, interface: str) -> float:
    """ctrl per unit of command (N·m, rad or rad/s).

    Force is gain·ctrl + bias, and the joint feels gear times that; a position actuator rests where
    gain·ctrl = −bias[1]·gear·position, a velocity actuator likewise by bias[2].
    """
    gain = float(model.actuator_gainprm[actuator, 0])
    gear = float(model.actuator_gear[actuator, 0])
    if interface == "effort":
        return 1.0 / (gain * gear)
    stiffness = model.actuator_biasprm[actuator, 1 if interface == "position" else 2]
    return float(-stiffness * gear / gain)


def _actuator(spec: RobotSpec, model: mujoco.MjModel, name: str) -> int:
    found = [
        i
        for i in range(model.nu)
        if (kind := _TRANSMISSIONS.get(int(model.actuator_trntype[i]))) is not None
        and mujoco.mj_id2name(model, kind, model.actuator_trnid[i, 0]) == name
    ]
    if len(found) != 1:
        raise RobotError(
            f"robot {spec.name!r}: joint {name!r} needs exactly one actuator, not {len(found)}"
        )
    return found[0]
