"""What the actuators of a model take: positions, velocities or efforts, of which joints."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from ..errors import RobotError
from .actuators import control_scale
from .spec import Drive

_JOINT, _TENDON = int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtTrn.mjTRN_TENDON)
_NO_BIAS, _AFFINE = int(mujoco.mjtBias.mjBIAS_NONE), int(mujoco.mjtBias.mjBIAS_AFFINE)
_SIMPLE_DYNAMICS = (
    int(mujoco.mjtDyn.mjDYN_NONE),
    int(mujoco.mjtDyn.mjDYN_FILTER),
    int(mujoco.mjtDyn.mjDYN_FILTEREXACT),
)


@dataclass(frozen=True)
class ActuatorTable:
    """One entry per actuator: what it drives, and its limits in N·m, rad or rad/s."""

    interface: str
    drives: tuple[Drive, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def joint_order(self, joints: tuple[str, ...]) -> tuple[str, ...]:
        """All joints, those that are commanded in the order of their commands where that is all."""
        named = tuple(drive.name for drive in self.drives)
        return named if self._simple(joints) else joints

    def drives_for(self, joints: tuple[str, ...]) -> tuple[Drive, ...]:
        """The drives, or none where every joint has its own command."""
        return () if self._simple(joints) else self.drives

    def _simple(self, joints: tuple[str, ...]) -> bool:
        alone = all(d.joints == (d.name,) and d.weights == (1.0,) for d in self.drives)
        return alone and {d.name for d in self.drives} == set(joints)


def read_actuators(model: mujoco.MjModel, joints: tuple[str, ...]) -> ActuatorTable:
    """Every actuator of the model; RobotError with the reason for what cannot be commanded."""
    if model.nu == 0:
        raise RobotError("the model has no actuators, so nothing can be commanded")
    unbounded = [_name(model, i) for i in range(model.nu) if not model.actuator_ctrllimited[i]]
    if unbounded:
        raise RobotError(
            f"unbounded control: give ctrlrange to {', '.join(unbounded)}; a policy's actions are "
            "shares of the range"
        )
    interfaces = {_name(model, i): _interface(model, i) for i in range(model.nu)}
    if len(set(interfaces.values())) > 1:
        listed = ", ".join(f"{name}: {kind}" for name, kind in interfaces.items())
        raise RobotError(f"actuators of different kinds cannot be mixed ({listed})")
    interface = next(iter(interfaces.values()))
    drives = [_drive(model, i, joints) for i in range(model.nu)]
    seen: set[str] = set()
    for drive in drives:
        if drive.name in seen:
            raise RobotError(f"{drive.name!r} has several actuators; keep one of them")
        seen.add(drive.name)
    bounds = []
    for i in range(model.nu):
        low, high = model.actuator_ctrlrange[i]
        if model.actuator_gear[i, 0] == 0.0 or low == high:
            raise RobotError(f"actuator {_name(model, i)}: its gear or ctrlrange leaves no range")
        scale = control_scale(model, i, interface)
        bounds.append(sorted((float(low / scale), float(high / scale))))
        if interface != "position" and not bounds[-1][0] <= 0.0 <= bounds[-1][1]:
            raise RobotError(f"actuator {_name(model, i)}: zero must lie within its ctrlrange")
    lower, upper = zip(*bounds, strict=True)
    return ActuatorTable(interface, tuple(drives), lower, upper)


def _interface(model: mujoco.MjModel, i: int) -> str:
    """effort, position or velocity, from the actuator's gain and bias."""
    name, bias = _name(model, i), model.actuator_biasprm[i]
    fixed = int(model.actuator_gaintype[i]) == int(mujoco.mjtGain.mjGAIN_FIXED)
    kind = int(model.actuator_biastype[i])
    known = fixed and kind in (_NO_BIAS, _AFFINE) and model.actuator_gainprm[i, 0] != 0.0
    if not known or int(model.actuator_dyntype[i]) not in _SIMPLE_DYNAMICS:
        raise RobotError(
            f"actuator {name} is neither a motor nor a position or velocity servo "
            "(muscles, integrators and the like cannot be commanded)"
        )
    if kind == _NO_BIAS or not np.any(bias[:3]):
        return "effort"
    if bias[0] != 0.0:
        raise RobotError(f"actuator {name} has a constant force; no command stands for that")
    return "position" if bias[1] != 0.0 else "velocity"


def _drive(model: mujoco.MjModel, i: int, joints: tuple[str, ...]) -> Drive:
    kind, target = int(model.actuator_trntype[i]), int(model.actuator_trnid[i, 0])
    if kind == _JOINT:
        name = model.joint(target).name
        if name not in joints:
            raise RobotError(f"actuator {_name(model, i)} drives {name!r}, a joint of the base")
        return Drive(name, (name,), (1.0,))
    if kind != _TENDON:
        raise RobotError(f"actuator {_name(model, i)} drives neither a joint nor a tendon")
    name = model.tendon(target).name
    if not name:
        raise RobotError(f"the tendon of actuator {_name(model, i)} needs a name")
    first, n = int(model.tendon_adr[target]), int(model.tendon_num[target])
    wraps = range(first, first + n)
    if any(model.wrap_type[w] != mujoco.mjtWrap.mjWRAP_JOINT for w in wraps):
        raise RobotError(f"tendon {name!r} is spatial; only fixed tendons can be commanded")
    pulled = tuple(model.joint(int(model.wrap_objid[w])).name for w in wraps)
    return Drive(name, pulled, tuple(float(model.wrap_prm[w]) for w in wraps))


def _name(model: mujoco.MjModel, i: int) -> str:
    return repr(model.actuator(i).name) if model.actuator(i).name else f"number {i}"
