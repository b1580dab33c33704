"""What the rest of the system must know about one robot.

A `RobotSpec` travels inside the bundle, so that a policy can never meet the joint order, limits or
observation layout of another robot. It holds plain numbers only and reads no simulator.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import RobotError

COMMAND_INTERFACES = ("effort", "position", "velocity")
COMMAND_MESSAGES = ("float64_multi_array", "joint_trajectory", "joint_state")
BASE_KINDS = ("planar", "free")
FIGURES = ("human", "four_legged")

# Numbers that one term contributes: a constant, or a factor times its number of names.
_TERM_SIZES: dict[str, tuple[int, int]] = {
    "body_orientation_xz": (0, 2),
    "base_height": (1, 0),
    "planar_base_pose": (2, 0),
    "joint_positions": (0, 1),
    "planar_base_velocity": (3, 0),
    "joint_velocities": (0, 1),
    "base_up": (3, 0),
    "base_linear_velocity": (3, 0),
    "base_angular_velocity": (3, 0),
}
_VELOCITY_TERMS = (
    "planar_base_velocity",
    "joint_velocities",
    "base_linear_velocity",
    "base_angular_velocity",
)
_TRAVEL = {"planar_base_velocity": slice(1, 2), "base_linear_velocity": slice(0, 2)}


@dataclass(frozen=True)
class ObservationTerm:
    """One block of the observation vector.

    kind: ``body_orientation_xz`` (for each named body, the world x components of its x axis and
    of its z axis, the cosine and sine of its pitch, as dm_control's walker observes),
    ``base_height`` (m, world), ``planar_base_pose`` (height above the default pose in m, pitch in
    rad), ``joint_positions`` (rad of each named joint), ``planar_base_velocity`` (vertical, forward
    in m/s, pitch rate in rad/s, world frame), ``joint_velocities`` (rad/s of each named joint),
    ``base_up`` (the world's z axis in the base's frame: how the base is tilted, whatever its
    heading), ``base_linear_velocity`` (m/s) or ``base_angular_velocity`` (rad/s), both in the
    base's frame.
    """

    kind: str
    names: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Numbers that this term adds to the observation."""
        constant, per_name = _TERM_SIZES[self.kind]
        return constant + per_name * len(self.names)


@dataclass(frozen=True)
class Drive:
    """One thing that is commanded where that is not simply a joint: a tendon, a linkage.

    Its position is the sum of weights times joint positions, and its velocity likewise.
    """

    name: str
    joints: tuple[str, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True)
class CommandSpec:
    """How the robot is commanded; every tuple of numbers has one entry per command.

    There is one command per joint, in joint order, unless ``drives`` names what is commanded.

    lower, upper: limits in N·m, rad or rad/s. rate_limit: largest change per second of the
    command. hold_damping: N·m·s/rad applied by effort robots that hold.
    """

    interface: str
    topic: str
    message: str
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    rate_limit: tuple[float, ...]
    hold_damping: tuple[float, ...]
    drives: tuple[Drive, ...] = ()


@dataclass(frozen=True)
class BaseSpec:
    """The floating base: its body, and for planar robots the joints that move it.

    start_pitch_rad: in simulation, planar robots begin at a random pitch up to this.
    """

    kind: str
    body: str
    x_joint: str = ""
    z_joint: str = ""
    pitch_joint: str = ""
    start_pitch_rad: float = math.pi


@dataclass(frozen=True)
class RobotSpec:
    """One robot: joints, command, observation layout and rates (SI units, REP-103 frames).

    joint_names: what joint_states reports. velocity_limit: fastest motion of each joint (rad/s).
    figure: the drawn body that stands for the robot when motions are imagined, one of ``FIGURES``.
    """

    name: str
    joint_names: tuple[str, ...]
    control_period_s: float
    base: BaseSpec
    command: CommandSpec
    observation: tuple[ObservationTerm, ...]
    velocity_limit: tuple[float, ...] = field(default=())
    figure: str = "human"

    def __post_init__(self) -> None:
        n = len(self.joint_names)
        if n == 0 or len(set(self.joint_names)) != n:
            raise RobotError(f"robot {self.name!r}: joint_names must be non-empty and unique")
        if not (np.isfinite(self.control_period_s) and self.control_period_s > 0):
            raise RobotError(f"robot {self.name!r}: control_period_s must be a positive number")
        if self.base.kind not in BASE_KINDS:
            raise RobotError(f"robot {self.name!r}: base kind must be one of {BASE_KINDS}")
        if self.command.interface not in COMMAND_INTERFACES:
            raise RobotError(
                f"robot {self.name!r}: command interface must be one of {COMMAND_INTERFACES}"
            )
        if self.command.message not in COMMAND_MESSAGES:
            raise RobotError(
                f"robot {self.name!r}: command message must be one of {COMMAND_MESSAGES}"
            )
        if self.figure not in FIGURES:
            raise RobotError(f"robot {self.name!r}: figure must be one of {FIGURES}")
        for term in self.observation:
            if term.kind not in _TERM_SIZES:
                raise RobotError(
                    f"robot {self.name!r}: unknown observation term {term.kind!r}; "
                    f"known: {sorted(_TERM_SIZES)}"
                )
        self._check_drives()
        sizes = {
            "command.lower": (self.command.lower, self.action_dim),
            "command.upper": (self.command.upper, self.action_dim),
            "command.rate_limit": (self.command.rate_limit, self.action_dim),
            "command.hold_damping": (self.command.hold_damping, self.action_dim),
            "velocity_limit": (self.velocity_limit, n),
        }
        for key, (values, size) in sizes.items():
            if len(values) != size or not np.all(np.isfinite(values)):
                raise RobotError(f"robot {self.name!r}: {key} needs {size} finite numbers")
        if not np.all(np.less(self.command.lower, self.command.upper)):
            raise RobotError(f"robot {self.name!r}: command.lower must be below command.upper")
        if np.min(self.command.rate_limit) <= 0 or np.min(self.velocity_limit) <= 0:
            raise RobotError(f"robot {self.name!r}: rate and velocity limits must be positive")

    def _check_drives(self) -> None:
        names = self.command_names
        if len(set(names)) != len(names):
            raise RobotError(f"robot {self.name!r}: the drives' names must be unique")
        for drive in self.command.drives:
            unknown = set(drive.joints) - set(self.joint_names)
            if unknown or not drive.joints or len(drive.weights) != len(drive.joints):
                raise RobotError(
                    f"robot {self.name!r}: drive {drive.name!r} needs one weight for each of "
                    f"its joints, which must be among joint_names (unknown: {sorted(unknown)})"
                )
            if not np.all(np.isfinite(drive.weights)):
                raise RobotError(f"robot {self.name!r}: weights of {drive.name!r} must be finite")

    @property
    def command_names(self) -> tuple[str, ...]:
        """What each number of a command is for: a joint or a drive."""
        drives = self.command.drives
        return tuple(d.name for d in drives) if drives else self.joint_names

    def driven(self, joints: NDArray[np.floating]) -> NDArray[np.float64]:
        """Positions, or velocities, (n,) of the joints as those (action_dim,) of the drives.

        A joint that is not finite makes all of them not finite.
        """
        return self.drive_weights @ np.asarray(joints, dtype=np.float64)

    @cached_property
    def drive_weights(self) -> NDArray[np.float64]:
        """What each joint contributes to each drive: (action_dim, joints)."""
        if not self.command.drives:
            return np.eye(len(self.joint_names))
        weights = np.zeros((self.action_dim, len(self.joint_names)))
        for row, drive in zip(weights, self.command.drives, strict=True):
            row[[self.joint_names.index(name) for name in drive.joints]] = drive.weights
        return weights

    @property
    def driven_velocity_limit(self) -> NDArray[np.float64]:
        """How fast what each command drives can move when every joint moves at its limit."""
        return np.abs(self.drive_weights) @ np.asarray(self.velocity_limit)

    @property
    def action_dim(self) -> int:
        """Numbers in one action: one per command."""
        return len(self.command_names)

    @property
    def observation_dim(self) -> int:
        """Numbers in one observation."""
        return sum(term.size for term in self.observation)

    @property
    def shows_velocity(self) -> NDArray[np.bool_]:
        """Which numbers of an observation are velocities: (observation_dim,)."""
        parts = [np.full(term.size, term.kind in _VELOCITY_TERMS) for term in self.observation]
        return np.concatenate(parts)

    @property
    def shows_travel(self) -> NDArray[np.bool_]:
        """Which numbers are the horizontal velocity of the base: (observation_dim,)."""
        parts = []
        for term in self.observation:
            part = np.zeros(term.size, bool)
            part[_TRAVEL.get(term.kind, slice(0))] = True
            parts.append(part)
        return np.concatenate(parts)

    def scale_action(self, action: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map an action in [−1, 1]ⁿ linearly onto the command limits (SI units)."""
        lower, upper = np.asarray(self.command.lower), np.asarray(self.command.upper)
        return lower + (np.asarray(action, dtype=np.float64) + 1.0) * 0.5 * (upper - lower)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings, as `bundle.yaml` holds them."""
        return _plain(asdict(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RobotSpec:
        """The inverse of `to_dict`; raises RobotError naming the key at fault."""
        try:
            base, command = dict(data["base"]), dict(data["command"])
            for key in ("lower", "upper", "rate_limit", "hold_damping"):
                command[key] = tuple(float(v) for v in command[key])
            command["drives"] = tuple(_drive(drive) for drive in command.get("drives", ()))
            return cls(
                name=str(data["name"]),
                joint_names=tuple(str(n) for n in data["joint_names"]),
                control_period_s=float(data["control_period_s"]),
                base=BaseSpec(**base),
                command=CommandSpec(**command),
                observation=tuple(
                    ObservationTerm(str(t["kind"]), tuple(str(n) for n in t.get("names", ())))
                    for t in data["observation"]
                ),
                velocity_limit=tuple(float(v) for v in data["velocity_limit"]),
                figure=str(data.get("figure", "human")),
            )
        except KeyError as error:
            raise RobotError(f"robot specification lacks {error}") from error
        except (TypeError, ValueError) as error:
            raise RobotError(f"robot specification is malformed: {error}") from error


def _drive(data: Mapping[str, Any]) -> Drive:
    joints = tuple(str(name) for name in data["joints"])
    return Drive(str(data["name"]), joints, tuple(float(w) for w in data["weights"]))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
